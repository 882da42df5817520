/**
 * @file tests/ui/test_screens.c  Golden screens: what the user sees
 *
 * Each picture stands in tests/ui/golden/NAME.txt, a row of the screen a
 * line, '|' at its end; some have the roles of the cells below, one letter
 * each. UPDATE_GOLDEN=1 writes them anew: look at the difference.
 */
#include "tests/lib/test.h"
#include "ui/keymap.h"
#include "ui/view.h"


enum {
	NOW_MS = 100000000,
	ROW_SZ = GRID_W_MAX * TEXT_GRAPHEME_SZ,
};

struct fixture {
	struct desk desk;
	struct screen screen;
	struct theme theme;
	struct grid grid;
	struct view view;
	uint64_t now;
};


static void tell(struct fixture *f, const struct event *ev)
{
	assert_int_equal(0, desk_step(&f->desk, ev, f->now - 5000));
	screen_event(&f->screen, &f->desk, ev, f->now - 5000);
}


static void lamps(struct fixture *f, unsigned n)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = n;
	tell(f, &ev);

	for (unsigned i = 0; i < n; i++) {
		memset(&ev, 0, sizeof(ev));
		ev.type = EVENT_LAMP;
		ev.u.lamp.idx = i;
		ev.u.lamp.state = LAMP_FREE;
		snprintf(ev.u.lamp.spot, TEXT_SZ, "%u", 701 + i);
		tell(f, &ev);
	}
}


/** One lamp as its subscription tells it */
struct lamp_row {
	unsigned idx;
	enum lamp_kind kind;
	const char *spot, *label;
	enum lamp_state state;
	bool stale;
	const char *who, *number, *reason;
	uint64_t age_ms;
	bool at_least;
};


static void lamp(struct fixture *f, const struct lamp_row *r)
{
	struct event ev;
	struct lamp_fact *l = &ev.u.lamp;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	l->idx = r->idx;
	l->kind = r->kind;
	l->state = r->state;
	l->stale = r->stale;
	l->at_least = r->at_least;
	l->since_ms = f->now - r->age_ms;
	snprintf(l->spot, TEXT_SZ, "%s", r->spot);
	snprintf(l->label, TEXT_SZ, "%s", r->label ? r->label : "");
	snprintf(l->who, TEXT_SZ, "%s", r->who ? r->who : "");
	snprintf(l->number, TEXT_SZ, "%s", r->number ? r->number : "");
	snprintf(l->reason, REASON_SZ, "%s", r->reason ? r->reason : "");
	tell(f, &ev);
}


static void call(struct fixture *f, unsigned id, enum deskcall_state st,
		 bool outgoing, const char *name, const char *peer,
		 const char *spot, uint64_t age_ms)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = id;
	ev.u.call.state = st;
	ev.u.call.outgoing = outgoing;
	ev.u.call.muted = st == DESKCALL_ACTIVE && id == 4;
	ev.u.call.held_remote = st == DESKCALL_ACTIVE && id == 4;
	ev.u.call.since_ms = f->now - age_ms;
	snprintf(ev.u.call.name, TEXT_SZ, "%s", name);
	snprintf(ev.u.call.peer, TEXT_SZ, "%s", peer);
	snprintf(ev.u.call.spot, TEXT_SZ, "%s", spot);
	tell(f, &ev);
}


static void account(struct fixture *f, unsigned idx, const char *aor,
		    bool registered, const char *reason)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_ACCOUNT;
	ev.u.account.idx = idx;
	ev.u.account.registered = registered;
	snprintf(ev.u.account.aor, TEXT_SZ, "%s", aor);
	snprintf(ev.u.account.reason, REASON_SZ, "%s", reason);
	tell(f, &ev);
}


static void book(struct fixture *f, const char *spot, const char *who,
		 const char *by, const char *note, uint64_t age_ms)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_BOOK;
	ev.u.book.since_ms = f->now - age_ms;
	snprintf(ev.u.book.spot, TEXT_SZ, "%s", spot);
	snprintf(ev.u.book.who, TEXT_SZ, "%s", who);
	snprintf(ev.u.book.by, TEXT_SZ, "%s", by);
	snprintf(ev.u.book.note, TEXT_SZ, "%s", note);
	tell(f, &ev);
}


static void sound(struct fixture *f, const char *text)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_SOUND;
	snprintf(ev.u.sound.text, REASON_SZ, "%s", text);
	tell(f, &ev);
}


static void message(struct fixture *f, enum message_level level,
		    const char *text)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_MESSAGE;
	ev.u.message.level = level;
	snprintf(ev.u.message.text, REASON_SZ, "%s", text);
	tell(f, &ev);
}


static void keys(struct fixture *f, const char *s)
{
	while (*s) {
		const size_t n = strcspn(s, " ");
		const uint32_t id = keymap_key_decode(s, n);
		struct key key;

		assert_int_not_equal(0, id);
		memset(&key, 0, sizeof(key));
		key.code = id & 0xffffff;
		key.mods = id >> 24;
		screen_key(&f->screen, &f->desk, &key, f->now);
		s += n;
		s += strspn(s, " ");
	}
}


static void size(struct fixture *f, int w, int h)
{
	assert_int_equal(0, grid_resize(&f->grid, w, h));
	screen_resize(&f->screen, &f->desk, w, h);
}


static void setup(struct fixture *f)
{
	const struct screen_prm prm = {0};

	memset(f, 0, sizeof(*f));
	f->now = NOW_MS;
	desk_init(&f->desk);
	screen_init(&f->screen, &prm);
	grid_init(&f->grid);
	size(f, 80, 24);

	f->view.screen = &f->screen;
	f->view.desk = &f->desk;
	f->view.theme = &f->theme;
	f->view.title = "parkdeck";
	f->view.clock = "14:05";
}


static void teardown(struct fixture *f)
{
	grid_reset(&f->grid);
	desk_reset(&f->desk);
}


static void roles_print(FILE *out, const struct grid *g)
{
	static const char letterv[] = {
		[ROLE_TEXT] = '.', [ROLE_DIM] = 'd', [ROLE_BAR] = '=',
		[ROLE_BAR_GOOD] = '+', [ROLE_BAR_BAD] = '!',
		[ROLE_TITLE] = 't', [ROLE_TITLE_FOCUS] = 'T',
		[ROLE_KEY] = 'k', [ROLE_LABEL] = 'l', [ROLE_FREE] = 'f',
		[ROLE_PARKED] = 'p', [ROLE_PARKED_ON] = 'P',
		[ROLE_PARKED_LONG] = 'L', [ROLE_PARKED_DUE] = 'D',
		[ROLE_PARKED_DUE_ON] = 'X',
		[ROLE_RINGING] = 'r', [ROLE_RINGING_ON] = 'R',
		[ROLE_BUSY] = 'b', [ROLE_UNKNOWN] = 'u', [ROLE_STALE] = 's',
		[ROLE_ACTIVE] = 'A', [ROLE_HELD] = 'h', [ROLE_INFO] = 'i',
		[ROLE_WARN] = 'w', [ROLE_ERROR] = 'e', [ROLE_PROMPT] = '?',
		[ROLE_BOX] = 'x',
	};

	fprintf(out, "roles (under the selection: '#')\n");
	for (int y = 0; y < g->h; y++) {
		for (int x = 0; x < g->w; x++) {
			const struct cell *c = grid_cell(g, x, y);

			fputc(c->selected ? '#' : letterv[c->role], out);
		}
		fputs("|\n", out);
	}
}


static char *file_read(const char *path, size_t *len)
{
	FILE *in = fopen(path, "r");
	char *buf = NULL;
	size_t sz;

	*len = 0;
	if (!in)
		return NULL;

	sz = 1 << 20;
	buf = malloc(sz);
	assert_non_null(buf);
	*len = fread(buf, 1, sz - 1, in);
	buf[*len] = '\0';
	fclose(in);

	return buf;
}


/** Each row has the width of the screen, and in ASCII mode only ASCII */
static void rows_check(const struct fixture *f)
{
	static char row[ROW_SZ];

	for (int y = 0; y < f->grid.h; y++) {
		const int cols = grid_row_print(row, sizeof(row), &f->grid,
						y);

		row_int(y, f->grid.w, cols);
		row_int(y, f->grid.w, (int)text_width(row));
		for (const char *p = row; *p; p++) {
			row_true(y, (uint8_t)*p >= 0x20 && *p != 0x7f);
			if (f->theme.ascii)
				row_true(y, (uint8_t)*p < 0x7f);
		}
	}
}


static void golden(struct fixture *f, const char *name, bool roles)
{
	const char *dir = getenv("SOURCE_DIR");
	static char row[ROW_SZ];
	char path[512], *want, *got = NULL;
	size_t wantn, gotn, pos, line = 1;
	FILE *out;

	f->view.now_ms = f->now;
	view_draw(&f->grid, &f->view);
	rows_check(f);

	out = open_memstream(&got, &gotn);
	assert_non_null(out);
	for (int y = 0; y < f->grid.h; y++) {
		grid_row_print(row, sizeof(row), &f->grid, y);
		fprintf(out, "%s|\n", row);
	}
	fprintf(out, "cursor %s at %d,%d\n",
		f->grid.cursor_shown ? "shown" : "hidden", f->grid.cursor_x,
		f->grid.cursor_y);
	if (roles)
		roles_print(out, &f->grid);
	fclose(out);

	snprintf(path, sizeof(path), "%s%stests/ui/golden/%s.txt",
		 dir ? dir : "", dir ? "/" : "", name);

	if (getenv("UPDATE_GOLDEN")) {
		out = fopen(path, "w");
		assert_non_null(out);
		fputs(got, out);
		fclose(out);
	}

	want = file_read(path, &wantn);
	if (!want) {
		free(got);
		fail_msg("%s is missing; UPDATE_GOLDEN=1 writes it", path);
		return;
	}

	for (pos = 0; pos < wantn && pos < gotn && want[pos] == got[pos];
	     pos++)
		line += got[pos] == '\n';

	if (wantn != gotn || pos != gotn) {
		print_error("%s: line %zu differs. This was drawn:\n%s",
			    path, line, got);
		free(want);
		free(got);
		fail();
	}

	free(want);
	free(got);
}


/* The desks */

static void usual_accounts(struct fixture *f)
{
	account(f, 0, "sip:101@pbx", true, "");
}


static const struct lamp_row statev[] = {
	{0, LAMP_SPOT, "701", NULL, LAMP_FREE, false, NULL, NULL, NULL,
	 5000, false},
	{1, LAMP_SPOT, "702", "Front desk", LAMP_PARKED, false, "Anna Smith",
	 "01712345678", NULL, 125000, false},
	{2, LAMP_SPOT, "703", NULL, LAMP_PARKED, false, NULL, "0301234567",
	 NULL, 3725000, true},
	{3, LAMP_SPOT, "704", NULL, LAMP_UNKNOWN, false, NULL, NULL,
	 "403 Forbidden", 0, false},
	{4, LAMP_SPOT, "705", NULL, LAMP_PARKED, true, "Old Caller", NULL,
	 "no answer", 99000, false},
	{5, LAMP_SPOT, "706", NULL, LAMP_FREE, true, NULL, NULL,
	 "connection lost", 99000, false},
	{6, LAMP_SPOT, "707", NULL, LAMP_UNKNOWN, true, NULL, NULL,
	 "481", 0, false},
	{7, LAMP_EXTENSION, "102", "Anna", LAMP_FREE, false, NULL, NULL,
	 NULL, 0, false},
	{8, LAMP_EXTENSION, "103", "Bert", LAMP_RINGING, false, NULL,
	 "0891112223", NULL, 7000, false},
	{9, LAMP_EXTENSION, "104", "Clara", LAMP_BUSY, false, "Bob Jones",
	 NULL, NULL, 722000, false},
	{10, LAMP_EXTENSION, "105", "Dora", LAMP_BUSY, true, "Bob Jones",
	 NULL, "timeout", 722000, false},
	{11, LAMP_SPOT, "*5901", "A very long label that cannot fit",
	 LAMP_PARKED, false, "A caller with a very long name indeed", "0",
	 NULL, 90000000, true},
};


static void all_states(struct fixture *f, unsigned n)
{
	usual_accounts(f);
	lamps(f, n);
	for (size_t i = 0; i < ROWS(statev) && i < n; i++)
		lamp(f, &statev[i]);
	book(f, "702", "Anna Smith", "me", "wants Bob, second time", 125000);
	keys(f, "Right");
}


static void recall_time(struct fixture *f, uint32_t seconds)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_SITE;
	ev.u.site.recall_s = seconds;
	tell(f, &ev);
}


/** What a lamp tells of who waits there, how long, and who has gone */
static void age_states(struct fixture *f)
{
	static const struct lamp_row rowv[] = {
		{0, LAMP_SPOT, "701", NULL, LAMP_PARKED, false, "Anna",
		 "01711", NULL, 10000, false},
		{1, LAMP_SPOT, "702", NULL, LAMP_PARKED, false, "Bert",
		 "01712", NULL, 25000, false},
		{2, LAMP_SPOT, "703", NULL, LAMP_PARKED, false, "Carla",
		 "01713", NULL, 38500, false},
		{3, LAMP_SPOT, "704", NULL, LAMP_PARKED, false, "Dora",
		 "01714", NULL, 25000, true},
		{4, LAMP_SPOT, "705", NULL, LAMP_PARKED, false, "Emil",
		 "01715", NULL, 300000, false},
		{5, LAMP_SPOT, "706", NULL, LAMP_PARKED, false, "Fritz",
		 "01716", NULL, 4000, false},
		{6, LAMP_SPOT, "707", NULL, LAMP_PARKED, false, "Gerd",
		 "01717", NULL, 4000, false},
		{7, LAMP_SPOT, "708", NULL, LAMP_PARKED, false, "Hans",
		 "01718", NULL, 4000, false},
	};
	struct event ev;

	usual_accounts(f);
	recall_time(f, 45);
	lamps(f, 12);
	for (size_t i = 0; i < ROWS(rowv); i++)
		lamp(f, &rowv[i]);
	book(f, "702", "Bert", "me", "wants Bob", 25000);
	book(f, "703", "Carla", "me", "", 38500);

	/* several at one spot, parked by somebody; a colleague who holds */
	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp = f->desk.lampv[3].f;
	snprintf(ev.u.lamp.by, TEXT_SZ, "103");
	tell(f, &ev);
	ev.u.lamp = f->desk.lampv[4].f;
	ev.u.lamp.calls = 2;
	tell(f, &ev);
	ev.u.lamp = f->desk.lampv[8].f;
	ev.u.lamp.kind = LAMP_EXTENSION;
	ev.u.lamp.state = LAMP_BUSY;
	ev.u.lamp.held = true;
	ev.u.lamp.since_ms = f->now - 9000;
	snprintf(ev.u.lamp.who, TEXT_SZ, "Ida");
	tell(f, &ev);
	ev.u.lamp = f->desk.lampv[9].f;
	ev.u.lamp.kind = LAMP_EXTENSION;
	ev.u.lamp.state = LAMP_BUSY;
	ev.u.lamp.calls = 3;
	ev.u.lamp.since_ms = f->now - 9000;
	tell(f, &ev);

	/* taken; gone, nobody knows why; given back to us */
	ev.u.lamp = f->desk.lampv[5].f;
	ev.u.lamp.state = LAMP_FREE;
	ev.u.lamp.ended = LAMP_END_TAKEN;
	tell(f, &ev);
	ev.u.lamp = f->desk.lampv[6].f;
	ev.u.lamp.state = LAMP_FREE;
	tell(f, &ev);
	ev.u.lamp = f->desk.lampv[7].f;
	ev.u.lamp.state = LAMP_FREE;
	tell(f, &ev);
	call(f, 1, DESKCALL_INCOMING, false, "Hans", "01718", "708", 3000);
}


static void test_ages(void **state)
{
	static const struct {
		int w, h;
		const char *keys, *name;
		bool ascii, mono, roles;
		uint64_t later_ms;
	} rowv[] = {
		{ 80, 24, "",        "age-80x24", false, false, true, 0},
		{ 80, 24, "",        "age-80x24-off", false, false, true, 500},
		{ 80, 24, "Right",   "age-note", false, false, false, 0},
		{ 80, 24, "Right Right", "age-due", false, false, false, 0},
		{ 80, 24, "Down",    "age-at-least", false, false, false, 0},
		{ 80, 24, "Down Right", "age-over", false, false, false, 0},
		{ 80, 24, "Down Right Right", "age-taken", true, true, false,
		 0},
		{ 80, 24, "Down Right Right Right", "age-gone", false, false,
		 false, 0},
		{ 80, 24, "Down Down Left", "age-recalled", false, false,
		 false, 0},
		{ 80, 24, "Down Right Right", "age-forgotten", false, false,
		 false, 5000},
		{ 80, 24, "R",       "age-list", false, false, true, 0},
		{ 80, 24, "R Down",  "age-list-2", true, false, false, 0},
		{ 40, 10, "",        "age-40x10", false, false, true, 0},
		{ 40, 10, "R Down",  "age-40x10-list", false, false, false, 0},
		{200, 60, "Right",   "age-200x60", false, false, false, 0},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct fixture f;

		setup(&f);
		f.theme.ascii = rowv[i].ascii;
		f.theme.mono = rowv[i].mono;
		age_states(&f);
		size(&f, rowv[i].w, rowv[i].h);
		keys(&f, rowv[i].keys);
		f.now += rowv[i].later_ms;
		golden(&f, rowv[i].name, rowv[i].roles);
		teardown(&f);
	}
}


static void test_empty(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f);
	golden(&f, "empty", false);
	teardown(&f);
}


static void test_lamp_states(void **state)
{
	static const struct {
		int w, h;
		unsigned n;
		const char *name;
		bool ascii, roles;
		uint64_t later_ms;
	} rowv[] = {
		{ 80, 24,  12, "lamps-80x24", false, true, 0},
		{ 80, 24,  12, "lamps-80x24-off", false, true, 500},
		{ 80, 24,  12, "lamps-80x24-ring-off", false, true, 200},
		{ 80, 24,  20, "lamps-80x24-dense", false, false, 0},
		{ 80, 24,  12, "lamps-80x24-ascii", true, false, 0},
		{200, 60, 100, "lamps-200x60", false, false, 0},
		{ 40, 10,  12, "lamps-40x10", false, true, 0},
		{ 40, 10,  12, "lamps-40x10-ascii", true, false, 0},
		{ 30,  6,  12, "lamps-30x6", false, false, 0},
		{132, 43,  12, "lamps-132x43", false, false, 0},
		{140, 14,  12, "lamps-140x14", false, false, 0},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f);
		size(&f, rowv[i].w, rowv[i].h);
		f.theme.ascii = rowv[i].ascii;
		all_states(&f, rowv[i].n);
		f.now += rowv[i].later_ms;
		golden(&f, rowv[i].name, rowv[i].roles);
		teardown(&f);
	}
}


static void test_pages(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f);
	all_states(&f, 60);
	golden(&f, "pages-1", false);
	keys(&f, "PgDn Down");
	golden(&f, "pages-2", false);
	keys(&f, "G");
	golden(&f, "pages-3", false);
	teardown(&f);
}


static void all_calls(struct fixture *f)
{
	usual_accounts(f);
	lamps(f, 8);
	call(f, 1, DESKCALL_DIALING, true, "", "0301234567", "", 1000);
	call(f, 2, DESKCALL_RINGING, true, "Anna Smith", "102", "", 5000);
	call(f, 3, DESKCALL_INCOMING, false, "Jörg Müller",
	     "sip:+4971155555@pbx.example.com", "", 3000);
	call(f, 4, DESKCALL_ACTIVE, false, "Bob Jones", "01712345678", "",
	     722000);
	call(f, 5, DESKCALL_HELD, true, "Carl", "103", "", 65000);
	call(f, 6, DESKCALL_PARKING, false, "Dora", "104", "701", 400);
	call(f, 7, DESKCALL_RETRIEVING, true, "", "702", "702", 200);
}


static void test_calls(void **state)
{
	static const struct {
		int w, h;
		const char *name, *keys;
		bool ascii, roles;
	} rowv[] = {
		{ 80, 24, "calls-80x24", "", false, true},
		{ 80, 24, "calls-80x24-selected", "Tab Up", false, true},
		{ 80, 24, "calls-80x24-ascii", "", true, false},
		{ 40, 10, "calls-40x10", "Tab G", false, false},
		{200, 60, "calls-200x60", "Tab", false, false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f);
		size(&f, rowv[i].w, rowv[i].h);
		f.theme.ascii = rowv[i].ascii;
		all_calls(&f);
		keys(&f, rowv[i].keys);
		golden(&f, rowv[i].name, rowv[i].roles);
		teardown(&f);
	}
}


static void test_overlays(void **state)
{
	static const struct {
		int w, h;
		const char *name, *keys;
	} rowv[] = {
		{ 80, 24, "help-80x24", "?"},
		{ 80, 24, "help-80x24-end", "? G"},
		{200, 60, "help-200x60", "?"},
		{ 40, 10, "help-40x10", "? PgDn"},
		{ 80, 24, "parked-80x24", "R Down"},
		{200, 60, "parked-200x60", "R"},
		{ 40, 10, "parked-40x10", "R"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f);
		size(&f, rowv[i].w, rowv[i].h);
		all_states(&f, 12);
		book(&f, "799", "Zoe", "Bert", "no lamp shows this spot",
		     44000);
		keys(&f, rowv[i].keys);
		golden(&f, rowv[i].name, false);
		teardown(&f);
	}
}


static void test_help_rebound(void **state)
{
	struct fixture f;
	char err[160];
	(void)state;

	setup(&f);
	assert_int_equal(0, keymap_bind(&f.screen.keymap, "park",
					"Ctrl-P F9", err, sizeof(err)));
	all_states(&f, 12);
	call(&f, 1, DESKCALL_ACTIVE, false, "Bob", "0", "", 1000);
	golden(&f, "footer-rebound", false);
	keys(&f, "?");
	golden(&f, "help-rebound", false);
	teardown(&f);
}


static void test_lines(void **state)
{
	static const struct {
		const char *name, *keys, *text;
	} rowv[] = {
		{"line-dial", "d", "0171 2345"},
		{"line-dial-long", "d", "sip:a.very.long.address.that.does."
		 "not.fit@a.very.long.host.name.example.com;transport=tls"},
		{"line-transfer", "t", "102"},
		{"line-park", "P", "709"},
		{"line-note", "e", ", bald Rückruf 王"},
		{"line-command", ":", "park 701"},
		{"line-find", "/", "clar"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;
		struct key key;

		setup(&f);
		all_states(&f, 12);
		keys(&f, rowv[i].keys);
		memset(&key, 0, sizeof(key));
		key.code = KEYIN_PASTE;
		key.text = rowv[i].text;
		screen_key(&f.screen, &f.desk, &key, f.now);
		keys(&f, "Left");
		golden(&f, rowv[i].name, false);
		teardown(&f);
	}
}


static void test_questions(void **state)
{
	static const struct {
		int w, h;
		const char *name, *keys;
	} rowv[] = {
		{80, 24, "ask-quit-80x24", "q"},
		{40, 10, "ask-quit-40x10", "q"},
		{80, 24, "ask-spot-80x24", "F6"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f);
		size(&f, rowv[i].w, rowv[i].h);
		all_states(&f, 12);
		all_calls(&f);
		book(&f, "709", "Emil with a long name", "me", "", 9000);
		f.now -= 4900;
		keys(&f, rowv[i].keys);
		f.now += 4900;
		golden(&f, rowv[i].name, false);
		teardown(&f);
	}
}


static void test_keypad(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f);
	all_states(&f, 12);
	call(&f, 1, DESKCALL_ACTIVE, true, "Conference", "0800111", "",
	     61000);
	golden(&f, "keypad-80x24", false);
	size(&f, 40, 10);
	golden(&f, "keypad-40x10", false);
	teardown(&f);
}


static void test_status(void **state)
{
	static const struct {
		int w;
		unsigned accounts, bad;
		const char *reason, *sound, *name, *title;
	} rowv[] = {
		{80, 1, 0, "", "", "status-ok", NULL},
		{80, 1, 1, "403 Forbidden", "", "status-refused", NULL},
		{80, 1, 1, "", "", "status-not-yet",
		 NULL},
		{80, 1, 1, "500 A very long reason that the server gave us "
		 "for its failure", "no sound: device USB Headset is gone",
		 "status-long", NULL},
		{80, 3, 1, "403 Forbidden", "", "status-three",
		 NULL},
		{80, 16, 2, "403 Forbidden", "no microphone", "status-many",
		 NULL},
		{40, 1, 1, "403 Forbidden", "no microphone", "status-narrow",
		 NULL},
		{80, 1, 0, "", "", "status-title",
		 "parkdeck demo: not connected to a telephone system"},
		{200, 1, 0, "", "no microphone", "status-title-wide",
		 "parkdeck demo: not connected to a telephone system"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;
		char aor[64];

		setup(&f);
		if (rowv[i].title)
			f.view.title = rowv[i].title;
		size(&f, rowv[i].w, 10);
		lamps(&f, 2);
		for (unsigned a = 0; a < rowv[i].accounts; a++) {
			snprintf(aor, sizeof(aor),
				 "sip:%u@pbx.example.com", 101 + a);
			account(&f, a, aor, a + rowv[i].bad <
				rowv[i].accounts, a + rowv[i].bad <
				rowv[i].accounts ? "" : rowv[i].reason);
		}
		sound(&f, rowv[i].sound);
		golden(&f, rowv[i].name, true);
		teardown(&f);
	}
}


static void test_messages(void **state)
{
	static const struct {
		enum message_level level;
		const char *text, *name;
	} rowv[] = {
		{MESSAGE_INFO, "Anna Smith is parked on 702", "message-info"},
		{MESSAGE_WARN, "701 is free again: nobody took the call",
		 "message-warn"},
		{MESSAGE_ERROR, "parking failed: 603 Decline. The caller is "
		 "back with you, and this sentence is too long for a screen "
		 "of eighty columns", "message-error"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f);
		size(&f, 80, 10);
		usual_accounts(&f);
		lamps(&f, 4);
		message(&f, rowv[i].level, rowv[i].text);
		golden(&f, rowv[i].name, true);
		teardown(&f);
	}
}


/** What to press next: among the calls, else in the message line */
static void test_hint(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f);
	usual_accounts(&f);
	lamps(&f, 16);
	snprintf(f.desk.hint, sizeof(f.desk.hint),
		 "You have the call again. Press b to hang up; a colleague "
		 "will park a call soon.");
	call(&f, 1, DESKCALL_ACTIVE, false, "Anna", "102", "", 9000);
	golden(&f, "hint-calls", false);
	call(&f, 2, DESKCALL_HELD, false, "Bert", "103", "", 9000);
	call(&f, 3, DESKCALL_HELD, false, "Carl", "104", "", 9000);
	golden(&f, "hint-message", false);
	message(&f, MESSAGE_INFO, "a message comes first");
	golden(&f, "hint-none", false);
	teardown(&f);

	/* small: the row of the message too, and what is pressed first */
	setup(&f);
	usual_accounts(&f);
	lamps(&f, 6);
	f.view.banner = "demo, not connected to a telephone system";
	size(&f, 40, 10);
	snprintf(f.desk.hint, sizeof(f.desk.hint), "Press a to answer Jonas "
		 "Meyer. (:skip ends these hints)");
	call(&f, 1, DESKCALL_INCOMING, false, "Jonas", "102", "", 9000);
	golden(&f, "hint-40x10", false);
	message(&f, MESSAGE_INFO, "a message comes first");
	golden(&f, "hint-40x10-message", false);
	teardown(&f);
}


/** The first picture of the README is what the demo shows */
static void test_readme(void **state)
{
	static const char *const namev[] = {
		"Ben Carter", "Carla Diaz", "David Engel", "Emma Fischer",
	};
	const char *dir = getenv("SOURCE_DIR");
	static char row[ROW_SZ];
	char path[512], want[64 * 1024] = "", *text, *begin, *end, *got;
	struct lamp_row jonas = {
		0, LAMP_SPOT, "701", NULL, LAMP_PARKED, false, NULL, NULL,
		NULL, 13000, false,
	};
	struct lamp_row other = {
		1, LAMP_SPOT, "702", NULL, LAMP_PARKED, false, NULL, NULL,
		NULL, 3000, false,
	};
	struct fixture f;
	size_t n, len = 0;
	(void)state;

	setup(&f);
	f.view.title = "parkdeck demo";
	f.view.banner = "demo, not connected to a telephone system";
	f.view.clock = "18:19";
	account(&f, 0, "sip:101@127.0.0.1:46093", true, "");
	sound(&f, "no sound device: calls go on silently (the system has no "
	      "device)");
	recall_time(&f, 45);
	lamps(&f, 10);
	for (unsigned i = 0; i < ROWS(namev); i++) {

		struct lamp_row l = {
			6 + i, LAMP_EXTENSION, NULL, NULL, LAMP_FREE, false,
			NULL, NULL, NULL, 0, false,
		};
		char spot[8];

		snprintf(spot, sizeof(spot), "%u", 102 + i);
		l.spot = spot;
		l.label = namev[i];
		lamp(&f, &l);
	}
	lamp(&f, &jonas);
	lamp(&f, &other);
	book(&f, "701", "Jonas Meyer", "me", "", 13000);
	snprintf(f.desk.bookv[0].number, TEXT_SZ, "015550102");
	snprintf(f.desk.hint, sizeof(f.desk.hint), "701 flashes: press 1 to "
		 "take Jonas Meyer back.");
	message(&f, MESSAGE_INFO, "Jonas Meyer is parked at 701");

	f.view.now_ms = f.now;
	view_draw(&f.grid, &f.view);
	for (int y = 0; y < f.grid.h; y++) {
		grid_row_print(row, sizeof(row), &f.grid, y);
		n = strlen(row);
		while (n && row[n - 1] == ' ')
			--n;
		len += (size_t)snprintf(want + len, sizeof(want) - len,
					"%.*s\n", (int)n, row);
	}
	teardown(&f);

	snprintf(path, sizeof(path), "%s%sREADME.md", dir ? dir : "",
		 dir ? "/" : "");
	text = file_read(path, &n);
	assert_non_null(text);
	begin = strstr(text, "```\n");
	assert_non_null(begin);
	begin += 4;
	end = strstr(begin, "```");
	assert_non_null(end);
	*end = '\0';
	got = begin;
	if (strcmp(want, got))
		print_error("the README should show:\n");
	for (char *p = want; strcmp(want, got) && *p; p += strcspn(p, "\n") + 1)
		print_error("%.*s\n", (int)strcspn(p, "\n"), p);
	assert_true(!strcmp(want, got));
	free(text);
}


/** It is a demo: said at any size, whatever is open */
static void test_banner(void **state)
{
	static const struct {
		int w, h;
		const char *keys, *name;
	} rowv[] = {
		{80, 24, "",  "banner-80x24"},
		{80, 24, "?", "banner-help"},
		{80, 24, "R", "banner-parked"},
		{40, 10, "",  "banner-40x10"},
		{40, 10, "?", "banner-40x10-help"},
		{60, 12, "",  "banner-60x12"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct fixture f;

		setup(&f);
		usual_accounts(&f);
		lamps(&f, 6);
		f.view.title = "parkdeck demo";
		f.view.banner = "demo, not connected to a telephone system";
		size(&f, rowv[i].w, rowv[i].h);
		keys(&f, rowv[i].keys);
		golden(&f, rowv[i].name, false);
		teardown(&f);
	}
}


/** Names that try to write elsewhere, to hide, to turn, to be too long */
static const char *const hostilev[] = {
	"\x1b[2J\x1b[1;1HOWNED",
	"\x1b]0;title\a\x1b[31mred",
	"a\r\nb\tc\x7f\x08\x08",
	"\xe2\x80\xaetxt.exe\xe2\x80\xac",
	"Z\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86" "algo",
	"\xff\xfe\xc0\xaf bad bytes",
	"\xf3\xa0\x81\x81\xe2\x80\x8b\xef\xbb\xbfunseen",
	"👨‍👩‍👧 family 👍🏽",
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"\xcc\x88mark first",
	"   ",
	"\"; quit; \"",
};


static void test_hostile(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f);
	account(&f, 0, "sip:\x1b[7m101\n@pbx", false, "\x1b[5mblink\a");
	lamps(&f, ROWS(hostilev));
	for (unsigned i = 0; i < ROWS(hostilev); i++) {
		struct lamp_row r = statev[1];

		r.idx = i;
		r.label = hostilev[i];
		r.who = hostilev[i];
		r.number = hostilev[i];
		lamp(&f, &r);
		if (i < 3)
			call(&f, i + 1, i ? DESKCALL_HELD : DESKCALL_ACTIVE,
			     false, hostilev[i + 3], hostilev[i], "", 9000);
	}
	book(&f, "702", hostilev[3], hostilev[0], hostilev[1], 9000);
	sound(&f, "\x1b[1mloud");
	message(&f, MESSAGE_ERROR, "reason: \x1b[2J\x1b[H gone\xe2\x80\xae!");
	golden(&f, "hostile", false);
	keys(&f, "R");
	golden(&f, "hostile-parked", false);
	f.theme.ascii = true;
	keys(&f, "Esc q");
	golden(&f, "hostile-ascii", false);
	teardown(&f);
}


static void test_wide_names(void **state)
{
	static const char *const whov[] = {
		"王小明", "王小明王小明王小明王", "A王小明王小明王小明",
		"김철수", "ﾔﾏﾀﾞ ﾀﾛｳ", "山田 太郎", "Ａｎｎａ",
		"Jo\xcc\x88rg Mu\xcc\x88ller", "Ωμέγα", "Ёлка", "أحمد", "😀😀",
	};
	static const int widthv[] = {80, 40, 31};
	(void)state;

	for (size_t k = 0; k < ROWS(widthv); k++) {
		struct fixture f;
		char name[32];

		setup(&f);
		size(&f, widthv[k], widthv[k] == 80 ? 24 : 10);
		usual_accounts(&f);
		lamps(&f, ROWS(whov));
		for (unsigned i = 0; i < ROWS(whov); i++) {
			struct lamp_row r = statev[1];
			char spot[8];

			snprintf(spot, sizeof(spot), "%u", 701 + i);
			r.idx = i;
			r.spot = spot;
			r.label = whov[(i + 1) % ROWS(whov)];
			r.who = whov[i];
			lamp(&f, &r);
		}
		call(&f, 1, DESKCALL_ACTIVE, false, whov[1], "001", "",
		     9000);
		call(&f, 2, DESKCALL_HELD, false, whov[2], "002", "", 9000);
		snprintf(name, sizeof(name), "wide-%d", widthv[k]);
		golden(&f, name, false);
		teardown(&f);
	}
}


static void test_small(void **state)
{
	static const struct {
		int w, h;
		bool rings;
		const char *name;
	} rowv[] = {
		{29, 6, false, "small-29x6"},
		{12, 3, false, "small-12x3"},
		{1, 1, false, "small-1x1"},
		{20, 4, true, "small-rings"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f);
		size(&f, rowv[i].w, rowv[i].h);
		all_states(&f, 12);
		if (rowv[i].rings)
			all_calls(&f);
		golden(&f, rowv[i].name, false);
		teardown(&f);
	}
}


/** Random desks on random screens: each row has the screen's width */
static void test_any_desk(void **state)
{
	static const char *const keyv[] = {
		"?", "R", "q", "d", "Tab", "G", "PgDn", "e", "Esc", "1 2",
		"F3", "n", "/", ":",
	};
	uint32_t seed = 11;
	(void)state;

	for (size_t i = 0; i < 400; i++) {
		struct fixture f;

		setup(&f);
		seed = seed * 1664525 + 1013904223;
		size(&f, 1 + (int)(seed >> 16) % 250,
		     1 + (int)(seed >> 24) % 70);
		f.theme.ascii = seed & 0x100;
		f.theme.plain_glyphs = seed & 0x200;

		for (unsigned a = 0; a < (seed >> 12) % 4; a++)
			account(&f, a, hostilev[(seed + a) % 12], a & 1,
				hostilev[(seed + a + 1) % 12]);
		sound(&f, hostilev[seed % 12]);
		message(&f, (enum message_level)(seed >> 5 & 1) * 2,
			hostilev[(seed >> 6) % 12]);

		seed = seed * 1664525 + 1013904223;
		lamps(&f, (seed >> 16) % 120);
		for (unsigned n = 0; n < f.desk.lampc; n++) {
			struct lamp_row r = statev[n % 12];

			seed = seed * 1664525 + 1013904223;
			r.idx = n;
			r.label = hostilev[(seed >> 16) % 12];
			r.who = hostilev[(seed >> 20) % 12];
			r.reason = hostilev[(seed >> 24) % 12];
			r.age_ms = seed >> 2;
			r.at_least = seed & 1;
			lamp(&f, &r);
		}
		for (unsigned n = 1; n <= (seed >> 16) % 12; n++) {
			seed = seed * 1664525 + 1013904223;
			call(&f, n, (enum deskcall_state)
			     (1 + (seed >> 16) % (DESKCALL_CLOSED - 1)),
			     seed & 1, hostilev[(seed >> 20) % 12],
			     hostilev[(seed >> 24) % 12], "701", seed >> 8);
			book(&f, "702", hostilev[seed % 12], "me",
			     hostilev[(seed >> 4) % 12], 1000);
		}

		for (unsigned n = 0; n < 4; n++) {
			seed = seed * 1664525 + 1013904223;
			keys(&f, keyv[(seed >> 16) % ROWS(keyv)]);
			f.now += 1000;
			(void)screen_step(&f.screen, &f.desk, f.now);
			f.view.now_ms = f.now;
			view_draw(&f.grid, &f.view);
			rows_check(&f);
		}
		teardown(&f);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_empty),
		unit_test(test_lamp_states),
		unit_test(test_ages),
		unit_test(test_pages),
		unit_test(test_calls),
		unit_test(test_overlays),
		unit_test(test_help_rebound),
		unit_test(test_lines),
		unit_test(test_questions),
		unit_test(test_keypad),
		unit_test(test_status),
		unit_test(test_messages),
		unit_test(test_hint),
		unit_test(test_readme),
		unit_test(test_banner),
		unit_test(test_hostile),
		unit_test(test_wide_names),
		unit_test(test_small),
		unit_test(test_any_desk),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
