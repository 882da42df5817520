/**
 * @file tests/unit/test_screen.c  Keys in, wishes out
 */
#include "tests/lib/test.h"
#include "ui/screen_state.h"


enum {
	LAMPS = 14,
	START_MS = 100000,
};

struct fixture {
	struct desk desk;
	struct screen screen;
	uint64_t now;
	char wishes[2048];         /* all so far, '|' between             */
	unsigned bells;
};


static void tell(struct fixture *f, const struct event *ev)
{
	assert_int_equal(0, desk_step(&f->desk, ev, f->now));
	screen_event(&f->screen, &f->desk, ev, f->now);
	screen_drawn(&f->screen, &f->desk, f->now);
}


static void tell_lamp(struct fixture *f, unsigned idx, enum lamp_state st,
		      const char *who)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.idx = idx;
	ev.u.lamp.kind = idx >= 12 ? LAMP_EXTENSION : LAMP_SPOT;
	snprintf(ev.u.lamp.spot, sizeof(ev.u.lamp.spot), "%u",
		 idx >= 12 ? 102 + idx - 12 : 701 + idx);
	ev.u.lamp.state = st;
	snprintf(ev.u.lamp.who, sizeof(ev.u.lamp.who), "%s", who);
	ev.u.lamp.since_ms = f->now;
	tell(f, &ev);
}


static void tell_call(struct fixture *f, unsigned id, enum deskcall_state st,
		      bool outgoing, const char *name)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = id;
	ev.u.call.state = st;
	ev.u.call.outgoing = outgoing;
	snprintf(ev.u.call.name, sizeof(ev.u.call.name), "%s", name);
	snprintf(ev.u.call.peer, sizeof(ev.u.call.peer), "0%u", id);
	ev.u.call.since_ms = f->now;
	tell(f, &ev);
}


static void tell_retrieving(struct fixture *f, unsigned id, const char *spot)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_CALL;
	ev.u.call.id = id;
	ev.u.call.state = DESKCALL_RETRIEVING;
	ev.u.call.outgoing = true;
	snprintf(ev.u.call.spot, TEXT_SZ, "%s", spot);
	tell(f, &ev);
}


static void tell_book(struct fixture *f, const char *spot, const char *who,
		      const char *note, bool gone)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_BOOK;
	ev.u.book.gone = gone;
	snprintf(ev.u.book.spot, TEXT_SZ, "%s", spot);
	snprintf(ev.u.book.who, TEXT_SZ, "%s", who);
	snprintf(ev.u.book.note, TEXT_SZ, "%s", note);
	snprintf(ev.u.book.by, TEXT_SZ, "me");
	ev.u.book.since_ms = f->now;
	tell(f, &ev);
}


static void say(struct fixture *f, bool own, enum message_level level,
		const char *text)
{
	struct event ev;

	if (own) {
		screen_message(&f->screen, level, text, f->now);
		return;
	}

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_MESSAGE;
	ev.u.message.level = level;
	snprintf(ev.u.message.text, REASON_SZ, "%s", text);
	tell(f, &ev);
}


static void collect(struct fixture *f)
{
	struct wish w;
	size_t n;

	while (screen_wish(&f->screen, &w)) {
		n = strlen(f->wishes);
		snprintf(f->wishes + n, sizeof(f->wishes) - n, "%s%s%s",
			 n ? "|" : "", w.kind == WISH_TYPED ? ":" :
			 w.kind == WISH_REDRAW ? "redraw" :
			 w.kind == WISH_COPY ? "copy " : "", w.line);
	}
}


/** Let time pass, each timer at its time */
static void pass(struct fixture *f, uint64_t ms)
{
	const uint64_t end = f->now + ms;

	for (;;) {
		const uint64_t due = screen_due_ms(&f->screen, &f->desk,
						   f->now);

		if (!due || due > end)
			break;
		/* time that stands still would hang the loop */
		if (due > f->now)
			f->now = due;
		f->bells += screen_step(&f->screen, &f->desk, f->now);
		screen_drawn(&f->screen, &f->desk, f->now);
		collect(f);
	}
	f->now = end;
	f->bells += screen_step(&f->screen, &f->desk, f->now);
	screen_drawn(&f->screen, &f->desk, f->now);
	collect(f);
}


static void press_key(struct fixture *f, const struct key *key)
{
	screen_key(&f->screen, &f->desk, key, f->now);
	screen_drawn(&f->screen, &f->desk, f->now);
	collect(f);
}


/**
 * Play a script: keys by name, blanks between, each 100 ms after the other
 *
 * "+500" lets time pass, "'text'" types each character, "paste=x" pastes,
 * "click=x,y" clicks, "together" has the next key come at the same time
 */
static void play(struct fixture *f, const char *script)
{
	bool together = true;
	struct key key;

	while (*script) {

		size_t n = strcspn(script, " ");

		memset(&key, 0, sizeof(key));

		if (*script == '\'') {
			const char *end = strchr(script + 1, '\'');

			for (++script; script < end; script++) {
				key.code = (uint8_t)*script;
				press_key(f, &key);
				f->now += 10;
			}
			n = 1;
		}
		else if (*script == '+' && n > 1) {
			pass(f, strtoull(script + 1, NULL, 10));
			together = true;
		}
		else if (n == 8 && !strncmp(script, "together", n)) {
			together = true;
		}
		else if (!strncmp(script, "paste=", 6)) {
			char text[128];

			snprintf(text, sizeof(text), "%.*s", (int)n - 6,
				 script + 6);
			key.code = KEYIN_PASTE;
			key.text = text;
			press_key(f, &key);
		}
		else if (!strncmp(script, "click=", 6)) {
			key.code = KEYIN_MOUSE;
			assert_int_equal(2, sscanf(script + 6, "%d,%d",
						   &key.x, &key.y));
			press_key(f, &key);
		}
		else {
			const uint32_t id = keymap_key_decode(script, n);

			if (!id)
				row_fail(n, "no key: %s", script);
			key.code = id & 0xffffff;
			key.mods = id >> 24;
			if (!together)
				pass(f, 100);
			together = false;
			press_key(f, &key);
		}

		script += n;
		script += strspn(script, " ");
	}
}


/** 701 parked, 702 free … 712; 102 idle, 103 rings; all seen long ago */
static void setup(struct fixture *f, bool digits_phone)
{
	const struct screen_prm prm = {.digits_phone = digits_phone};
	struct event ev;

	memset(f, 0, sizeof(*f));
	f->now = START_MS;
	desk_init(&f->desk);
	screen_init(&f->screen, &prm);
	screen_resize(&f->screen, &f->desk, 80, 24);

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = LAMPS;
	tell(f, &ev);

	for (unsigned i = 0; i < LAMPS; i++)
		tell_lamp(f, i, i == 0 ? LAMP_PARKED : i == 13 ?
			  LAMP_RINGING : LAMP_FREE, i ? "" : "Anna");
	pass(f, 10000);
}


struct script {
	const char *keys, *wishes;
};


static void run(const struct script *v, size_t n,
		void (*prepare)(struct fixture *f))
{
	for (size_t i = 0; i < n; i++) {
		struct fixture f;

		setup(&f, false);
		prepare(&f);
		play(&f, v[i].keys);
		row_str(i, v[i].wishes, f.wishes);
		desk_reset(&f.desk);
	}
}


static void quiet(struct fixture *f)
{
	(void)f;
}


static void active(struct fixture *f)
{
	tell_call(f, 1, DESKCALL_ACTIVE, false, "Bob");
	pass(f, 2000);
}


static void dialled(struct fixture *f)
{
	tell_call(f, 1, DESKCALL_ACTIVE, true, "");
	pass(f, 2000);
}


static void three(struct fixture *f)
{
	tell_call(f, 1, DESKCALL_HELD, false, "Bob");
	tell_call(f, 2, DESKCALL_ACTIVE, false, "Carl");
	tell_call(f, 3, DESKCALL_INCOMING, false, "Dora");
	pass(f, 2000);
}


static void test_spot_keys(void **state)
{
	static const struct script scriptv[] = {
		{"1", ""},
		{"1 +199", ""},
		{"1 +200", "spot 701"},
		{"2 +200", "spot 702"},
		{"0 +200", "spot 710"},
		{"F1", "spot 701"},
		{"Alt-2", "spot 702"},
		{"F12", "spot 712"},
		{"Enter", "spot 701"},
		{"Right Enter", "spot 702"},
		{"Down Enter", "spot 705"},     /* four in a row            */
		{"G Enter", "spot 103"},
		{"1 p", "spot 701|park"},       /* another key: it acts now */
		{"1 Esc +500", ""},

		/* two within the time that a digit waits: in their order */
		{"2 together F1", "spot 702|spot 701"},
		{"2 together d +500", "spot 702"},

		/* held down, or pressed twice: once */
		{"1 +500 1 +30 1 +30 1 +30 1 +2000", "spot 701"},
		{"F1 +400 F1 +30 F1 +30 F1", "spot 701"},
		{"Enter +400 Enter +30 Enter", "spot 701"},
		{"F1 +800 F1", "spot 701"},     /* its key rests             */
		{"F1 +1100 F1", "spot 701|spot 701"},

		/* in every mode */
		{"d 5 F2", "spot 702"},
		{"? Alt-3", "spot 703"},
		{"R F2", "spot 702"},

		/* mouse: a click selects, two act */
		{"click=1,2 +1000 click=1,2", ""},
		{"click=1,2 +300 click=1,2", "spot 701"},
		{"click=21,2 +300 click=1,2", ""},
		{"click=21,3 Enter", "spot 702"},
		{"click=1,2 together click=1,2 together click=1,2",
		 "spot 701"},
	};
	(void)state;
	run(scriptv, ROWS(scriptv), quiet);
}


static void test_dial_line(void **state)
{
	static const struct script scriptv[] = {
		{"5 together 5 5 Enter", "dial 555"},
		{"5 5 5 Enter", "dial 555"},
		{"7 0 1 Enter", "spot 701"},    /* a spot's number: its key  */
		{"d 7 0 1 Enter", "spot 701"},
		{"d 7 0 1 Enter +100 Enter", "spot 701"},
		{"d 0 1 7 1 Esc", ""},
		{"d Enter", ""},
		{"paste=0171/23-45 Enter", "dial 01712345"},
		{"paste=+49(171)2345 Enter", "dial +491712345"},
		{"paste=hello Enter", "spot 701"},  /* no number: nothing    */
		{"paste=sip:a@b1.com Enter", "dial sip:a@b1.com"},
		{"* 9 8 Enter", "dial *98"},
		{"+ 4 9 Enter", "dial +49"},
		{"7 * Enter", "dial 7*"},
		{"d 'a b' Enter", "dial \"a b\""},
		{"d 'a\"b\\c' Enter", "dial \"a\\\"b\\\\c\""},
		{"d 1 2 Enter +1000 d Up Enter", "dial 12|dial 12"},
		{"d Backspace Enter", "spot 701"},  /* it was closed         */
		{"d 5 Ctrl-C q", "quit"},
	};
	(void)state;
	run(scriptv, ROWS(scriptv), quiet);
}


static void test_keypad(void **state)
{
	static const struct script dialledv[] = {
		{"1 2 3", "dtmf 1|dtmf 2|dtmf 3"},
		{"1 together 1 together 1", "dtmf 1|dtmf 1|dtmf 1"},
		{"1 +150 1 +500", "dtmf 1|dtmf 1"},
		{"1 +500 1 +30 1 +30 1 +2000", "dtmf 1"},
		{"1 +150 1 together 2", "dtmf 1|dtmf 1|dtmf 2"},
		{"*", "dtmf *"},
		{"#", "dtmf #"},
		{"Esc 1 +300", "spot 701"},
		{"Esc 1 2 Enter", "dial 12"},
		{"Esc * 1 +300", "dtmf *|dtmf 1"},
		{"Esc k 1 +300", "dtmf 1"},
		{"k 1 +300", "spot 701"},
		{"F1", "spot 701"},
		{"p", "park"},
		{"paste=123-456", "dtmf 123456"},
		{"paste=+49171 Enter", "dial +49171"},
	};
	static const struct script activev[] = {
		{"1 +300", "spot 701"},
		{"k 1", "dtmf 1"},
		{"# 1", "dtmf #|dtmf 1"},
		{"k Esc 1 +300", "spot 701"},
	};
	struct fixture f;
	(void)state;

	run(dialledv, ROWS(dialledv), dialled);
	run(activev, ROWS(activev), active);

	/* digits phone: in every call */
	setup(&f, true);
	active(&f);
	play(&f, "1 Esc 2 +300");
	assert_string_equal("dtmf 1|spot 702", f.wishes);
	desk_reset(&f.desk);
}


static void test_actions(void **state)
{
	static const struct script quietv[] = {
		{"p", "park"}, {"p +500 p +30 p", "park"},
		{"p +800 p", "park|park"},
		{"P 7 0 9 Enter", "park 709"},
		{"r", "retrieve 701"}, {"u", "undo"}, {"a", "answer"},
		{"b", "hangup"}, {"m", "mute"}, {"x", ""},
		{"t 5 5 Enter", "transfer 55"}, {"T", ""},
		{": 'status x' Enter", ":status x"},
		{": 'help' Enter q +800 q", "quit"},
		{"R Enter", "retrieve 701"},
		{"R r", "retrieve 701"},
		{"R Esc Enter", "spot 701"},
		{"e 'hi' Enter", "note 701 hi"},
		{"e 'a \"b\"' Enter", "note 701 \"a \\\"b\\\"\""},
		{"e Enter", "note 701"},
		/* refused: what was meant as text must not become keys */
		{"Right e 'pbx 12' Enter +800 p", "park"},
		{"T '55' Enter +800 b", "attended 55|hangup"},
		{"R e 'x' Enter", "note 701 x"},
		{"/ '103' Enter +100 F5", "spot 705"},
		{"/ '103' Enter +800 Enter", "spot 103"},
		{"/ '7' Enter n n +800 Enter", "spot 703"},
		{"/ '7' Enter N +800 Enter", "spot 712"},
		{"/ 'anna' Esc Enter", "spot 701"},
		{"n Enter", "spot 701"},
		{"Ctrl-L", "redraw"},
		{"q", "quit"}, {"Ctrl-C", "quit"},
	};
	static const struct script threev[] = {
		/* the command decides, unless the calls have the keys */
		{"a", "answer"}, {"b", "hangup"}, {"x", "hold"},
		{"Tab a", "answer 3"}, {"Tab b", "hangup 3"},
		{"Tab Enter", "answer 3"},
		{"Tab Up x", "hold 2"}, {"Tab Up Up x", "resume 1"},
		{"Tab g Enter", "resume 1"}, {"Tab g Tab x", "hold"},
		{"click=5,17 Enter", "spot 701"},
		{"click=5,19 Enter", "resume 1"},
		{"click=5,20 x", "hold 2"},
		{"b +500 b +30 b", "hangup"},
		/* quit asks */
		{"q", ""}, {"q n", ""}, {"q Esc", ""}, {"q Enter", ""},
		{"q q", ""}, {"q y", "quit"}, {"q F1 y", "quit"},
		{"Ctrl-C y", "quit"},
	};
	(void)state;

	run(quietv, ROWS(quietv), quiet);
	run(threev, ROWS(threev), three);
}


static void test_quit_names(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	three(&f);
	tell_book(&f, "701", "Anna", "", false);
	play(&f, "q");
	assert_int_equal(SCREEN_ASK, f.screen.mode);
	assert_string_equal("Quit? It ends the calls with Bob, Carl, Dora. "
			    "You parked Anna on 701. y/n",
			    f.screen.ask_text);
	play(&f, "n");

	tell_call(&f, 1, DESKCALL_CLOSED, false, "");
	tell_call(&f, 2, DESKCALL_CLOSED, false, "");
	tell_call(&f, 3, DESKCALL_CLOSED, false, "");
	play(&f, "+1000 q");
	assert_string_equal("Quit? You parked Anna on 701. y/n",
			    f.screen.ask_text);
	play(&f, "y");
	assert_string_equal("quit", f.wishes);
	desk_reset(&f.desk);
}


/** A lamp that changed under the finger: the key asks what it would do */
static void test_ask(void **state)
{
	static const struct {
		unsigned lamp;
		enum lamp_state lamp_state;
		uint64_t age_ms;
		bool call;
		const char *keys, *ask, *wishes;
	} rowv[] = {
		{0, LAMP_FREE, 700, false, "F1", "", "spot 701"},
		{0, LAMP_FREE, 699, true, "F1",
		 "701 has just changed. Park Bob on 701? y/n", ""},
		{0, LAMP_FREE, 10, true, "F1 y",
		 "701 has just changed. Park Bob on 701? y/n", "spot 701"},
		{0, LAMP_FREE, 10, true, "F1 n +9000 y",
		 "701 has just changed. Park Bob on 701? y/n", ""},
		{0, LAMP_FREE, 10, false, "F1 y",
		 "701 has just changed. 701 is free. Go on? y/n",
		 "spot 701"},
		{1, LAMP_PARKED, 10, true, "2 +200 y",
		 "702 has just changed. Retrieve Eve from 702? y/n",
		 "spot 702"},
		{12, LAMP_RINGING, 10, false, "G Left Enter y",
		 "102 has just changed. Pick up the call for 102? y/n",
		 "spot 102"},
		{13, LAMP_FREE, 10, false, "G Enter y",
		 "103 has just changed. Dial 103? y/n", "spot 103"},
		{13, LAMP_FREE, 10, true, "G Enter y",
		 "103 has just changed. Transfer Bob to 103? y/n",
		 "spot 103"},
		/* held down: no second press */
		{0, LAMP_FREE, 10, true, "F1 +500 F1 +30 F1 +30 y",
		 "701 has just changed. Park Bob on 701? y/n", "spot 701"},
		/* the same key again, once the state has been seen */
		{0, LAMP_FREE, 10, true, "F1 +750 F1",
		 "701 has just changed. Park Bob on 701? y/n", "spot 701"},
		/* it is asked in the dial line and the list too */
		{1, LAMP_PARKED, 10, false, "7 0 2 Enter y",
		 "702 has just changed. Retrieve Eve from 702? y/n",
		 "spot 702"},
		{1, LAMP_PARKED, 10, false, "R Down Enter y",
		 "702 has just changed. Retrieve Eve from 702? y/n",
		 "retrieve 702"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f, false);
		if (rowv[i].call)
			active(&f);
		tell_lamp(&f, rowv[i].lamp, rowv[i].lamp_state,
			  rowv[i].lamp_state == LAMP_PARKED ? "Eve" : "");
		pass(&f, rowv[i].age_ms);
		play(&f, rowv[i].keys);
		row_str(i, rowv[i].ask, f.screen.ask_text);
		row_str(i, rowv[i].wishes, f.wishes);
		desk_reset(&f.desk);
	}
}


/** Who knows what a key would do is asked: that is what is said */
static enum deed deed_handler(const struct desk_lamp *lamp, char *to,
			      size_t sz, void *arg)
{
	(void)lamp;
	snprintf(to, sz, "700");

	return *(enum deed *)arg;
}


static void test_ask_deed(void **state)
{
	static const struct {
		enum deed deed;
		const char *key;
		const char *ask;
	} rowv[] = {
		{DEED_PARK, "F1", "Park Bob on 701? y/n"},
		{DEED_PARK_LOT, "F1", "Park Bob on the lot 700, where the "
		 "PBX chooses the spot? y/n"},
		{DEED_NONE, "F1", "701 is free. Go on? y/n"},
		{DEED_DIAL, "F1", "Dial 701? y/n"},
		{DEED_PICKUP, "F1", "Pick up the call for 701? y/n"},
		{DEED_TRANSFER, "F1", "Transfer Bob to 701? y/n"},
		{DEED_ATTENDED, "F1", "Hold Bob and call 701, to join the "
		 "two? y/n"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		enum deed deed = rowv[i].deed;
		struct fixture f;
		char want[256];

		setup(&f, false);
		f.screen.prm.deedh = deed_handler;
		f.screen.prm.deedarg = &deed;
		active(&f);
		tell_lamp(&f, 0, LAMP_FREE, "");
		play(&f, rowv[i].key);
		snprintf(want, sizeof(want), "701 has just changed. %s",
			 rowv[i].ask);
		row_str(i, want, f.screen.ask_text);
		play(&f, "y");
		row_str(i, "spot 701", f.wishes);
		desk_reset(&f.desk);
	}
}


/** A better place than the one that was asked for */
static void test_offers(void **state)
{
	static const struct {
		bool park_one, voicemail, call;
		const char *keys, *ask, *wishes;
	} rowv[] = {
		/* 701 is taken, 702 is free, 703 is not known, 102 is busy */
		{true, false, true, "P '701' Enter",
		 "701 is taken. Park Bob on 702? y/n", ""},
		{true, false, true, "P '701' Enter y",
		 "701 is taken. Park Bob on 702? y/n", "park 702"},
		{true, false, true, "P '701' Enter n", NULL, ""},
		{true, false, true, "P '702' Enter", "", "park 702"},
		{true, false, true, "P '703' Enter", "", "park 703"},
		{true, false, true, "P '799' Enter", "", "park 799"},
		{false, false, true, "P '701' Enter", "", "park 701"},
		{true, false, false, "P '701' Enter", "", "park 701"},
		{false, true, true, "G Left Enter",
		 "102 is busy. Send Bob to the voicemail? y/n", ""},
		{false, true, true, "G Left Enter y",
		 "102 is busy. Send Bob to the voicemail? y/n",
		 "voicemail 102"},
		{false, false, true, "G Left Enter", "", "spot 102"},
		{false, true, false, "G Left Enter", "", "spot 102"},
		{false, true, true, "G Enter", "", "spot 103"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f, false);
		f.screen.prm.park_one = rowv[i].park_one;
		f.screen.prm.voicemail = rowv[i].voicemail;
		for (unsigned k = 3; k < 12; k++)
			tell_lamp(&f, k, LAMP_UNKNOWN, "");
		tell_lamp(&f, 0, LAMP_PARKED, "Eve");
		tell_lamp(&f, 1, LAMP_FREE, "");
		tell_lamp(&f, 2, LAMP_UNKNOWN, "");
		tell_lamp(&f, 12, LAMP_BUSY, "");
		tell_lamp(&f, 13, LAMP_FREE, "");
		if (rowv[i].call)
			active(&f);
		pass(&f, 2000);
		play(&f, rowv[i].keys);
		if (rowv[i].ask)
			row_str(i, rowv[i].ask, f.screen.ask_text);
		row_str(i, rowv[i].wishes, f.wishes);
		desk_reset(&f.desk);
	}
}


/* Taken, too, before the answer: the one after it */
static void test_offer_changes(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	f.screen.prm.park_one = true;
	tell_lamp(&f, 0, LAMP_PARKED, "Eve");
	for (unsigned k = 1; k < 12; k++)
		tell_lamp(&f, k, LAMP_FREE, "");
	active(&f);
	pass(&f, 2000);
	play(&f, "P '701' Enter");
	tell_lamp(&f, 1, LAMP_PARKED, "Ben");
	play(&f, "y");
	assert_string_equal("702 is taken. Park Bob on 703? y/n",
			    f.screen.ask_text);
	assert_string_equal("", f.wishes);
	play(&f, "y");
	assert_string_equal("park 703", f.wishes);
	desk_reset(&f.desk);
}


/** A key that is held does not undo what it did */
static void test_held(void **state)
{
	static const struct {
		const char *keys;
		enum screen_mode mode;
		bool keypad;
	} rowv[] = {
		{"?", SCREEN_HELP, false},
		{"? +500 ? +30 ? +30 ?", SCREEN_HELP, false},
		{"? +800 ?", SCREEN_PANES, false},
		{"? +800 x +500 x", SCREEN_PANES, false},
		{"R +500 R +30 R", SCREEN_PARKED, false},
		{"R +800 R +500 R +30 R", SCREEN_PANES, false},
		{"k +500 k +30 k +30 k", SCREEN_PANES, true},
		{"k +800 k +500 k", SCREEN_PANES, false},
		{"q +500 q +30 q", SCREEN_ASK, false},
		{"q n +500 n", SCREEN_PANES, false},
		/* in a line it is text */
		{"d +500 d", SCREEN_LINE, false},
		/* Esc leaves one thing, not all */
		{"k +800 ? Esc +500 Esc +30 Esc", SCREEN_PANES, true},
		{"k +800 ? Esc +800 Esc", SCREEN_PANES, false},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct fixture f;

		setup(&f, false);
		active(&f);
		play(&f, rowv[i].keys);
		row_int(i, (int)rowv[i].mode, (int)f.screen.mode);
		row_true(i, rowv[i].keypad ==
			 (keyguard_keypad(&f.screen.guard, &f.desk) != 0));
		row_str(i, "", f.screen.mode == SCREEN_PANES ?
			f.wishes + (f.wishes[0] == 'h' ? strlen(f.wishes) :
				    0) : "");
		desk_reset(&f.desk);
	}
}


/** The longest is another one since a moment: who is meant? */
static void test_retrieve(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	tell_lamp(&f, 4, LAMP_PARKED, "Eve");
	pass(&f, 5000);
	tell_lamp(&f, 0, LAMP_FREE, "");
	pass(&f, 100);
	play(&f, "r");
	assert_string_equal("", f.wishes);
	assert_string_equal("Who waits longest has just changed. Retrieve "
			    "Eve from 705? y/n", f.screen.ask_text);
	play(&f, "y");
	assert_string_equal("retrieve 705", f.wishes);

	/* at work: no question, no second one */
	f.wishes[0] = '\0';
	tell_retrieving(&f, 2, "705");
	play(&f, "+800 r");
	assert_string_equal("", f.wishes);
	assert_string_equal("705 is at work, its key rests until a second "
			    "after", f.screen.message.text);
	desk_reset(&f.desk);

	/* nobody waits: the command says so */
	setup(&f, false);
	tell_lamp(&f, 0, LAMP_FREE, "");
	pass(&f, 5000);
	play(&f, "r");
	assert_string_equal("retrieve", f.wishes);
	desk_reset(&f.desk);
}


/** What I parked last: at once, unless that is another one now */
static void test_undo(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	tell_book(&f, "701", "Anna", "", false);
	pass(&f, 5000);
	tell_book(&f, "702", "Bob", "", false);
	tell_lamp(&f, 1, LAMP_PARKED, "Bob");
	play(&f, "u");
	assert_string_equal("retrieve 702", f.wishes);

	/* Bob was taken: Anna is not who was meant */
	f.wishes[0] = '\0';
	pass(&f, 2000);
	tell_lamp(&f, 1, LAMP_FREE, "");
	tell_book(&f, "702", "", "", true);
	pass(&f, 100);
	play(&f, "u");
	assert_string_equal("", f.wishes);
	assert_string_equal("What you parked last is gone. Retrieve Anna "
			    "from 701? y/n", f.screen.ask_text);
	play(&f, "n +800 u");
	assert_string_equal("retrieve 701", f.wishes);

	/* one that is still on its way is not in the book yet */
	f.wishes[0] = '\0';
	tell_call(&f, 3, DESKCALL_PARKING, false, "Carl");
	play(&f, "+800 u");
	assert_string_equal("", f.wishes);
	assert_string_equal("Carl is still being parked; then u takes the "
			    "call back", f.screen.message.text);

	/* in the book, and its line is not ended yet */
	tell_lamp(&f, 4, LAMP_PARKED, "Carl");
	tell_book(&f, "705", "Carl", "", false);
	play(&f, "+800 u");
	assert_string_equal("retrieve 705", f.wishes);
	desk_reset(&f.desk);
}


/** What was not in the picture has not been seen */
static void test_not_in_view(void **state)
{
	static const struct {
		const char *keys;
		const char *ask, *wishes;
	} rowv[] = {
		{"PgDn F1", "711 was not in view. 711 is free. Go on? y/n",
		 ""},
		{"PgDn F1 y", NULL, "spot 711"},
		{"PgDn +699 F1", NULL, ""},
		{"PgDn +700 F1", "", "spot 711"},
		{"PgDn PgUp F1", NULL, ""},
		/* covered, and the same as before: it was seen */
		{"? F1", "", "spot 701"},
		{"? z F1", "", "spot 701"},
		{"R Esc F1", "", "spot 701"},
		{"PgDn +300 ? +5000 z +699 F1", NULL, ""},
		{"PgDn +300 ? +5000 z +700 F1", "", "spot 711"},
		{"PgDn +700 ? +50 z +50 ? +50 z +1 F1", "", "spot 711"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct fixture f;

		setup(&f, false);
		screen_resize(&f.screen, &f.desk, 40, 10);
		pass(&f, 5000);
		play(&f, rowv[i].keys);
		if (rowv[i].ask)
			row_str(i, rowv[i].ask, f.screen.ask_text);
		row_str(i, rowv[i].wishes, f.wishes);
		desk_reset(&f.desk);
	}
}


/** A lamp that changes behind an overlay, a page that grows under it */
static void test_changed_unseen(void **state)
{
	struct fixture f;
	struct event ev;
	(void)state;

	setup(&f, false);
	play(&f, "?");
	tell_lamp(&f, 0, LAMP_FREE, "");
	play(&f, "+5000 z +10 F1");
	assert_string_equal("701 was not in view. 701 is free. Go on? y/n",
			    f.screen.ask_text);
	play(&f, "n +700 F1");
	assert_string_equal("spot 701", f.wishes);

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMPS;
	ev.u.lamps = 60;
	tell(&f, &ev);
	play(&f, "F2");
	assert_string_equal("spot 701", f.wishes);
	assert_int_equal(SCREEN_ASK, f.screen.mode);
	desk_reset(&f.desk);
}


/** A digit means the lamp that had it when it was pressed */
static void test_digit_lamp(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	screen_resize(&f.screen, &f.desk, 40, 10);
	play(&f, "G +1000 1");
	screen_resize(&f.screen, &f.desk, 80, 24);
	screen_drawn(&f.screen, &f.desk, f.now);
	play(&f, "+1000");
	assert_string_equal("", f.wishes);
	assert_string_equal("711", f.screen.ask_spot);
	play(&f, "y");
	assert_string_equal("spot 711", f.wishes);
	desk_reset(&f.desk);

	/* the keypad closes while a tone waits: it is no spot's key */
	setup(&f, false);
	dialled(&f);
	play(&f, "1 +150 1");
	tell_call(&f, 1, DESKCALL_CLOSED, true, "");
	play(&f, "+1000");
	assert_string_equal("dtmf 1", f.wishes);
	desk_reset(&f.desk);
}


/** Two accounts have a spot of that name: which one is said */
static void test_same_spot(void **state)
{
	struct fixture f;
	struct event ev;
	(void)state;

	setup(&f, false);
	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.idx = 1;
	ev.u.lamp.account = 1;
	ev.u.lamp.state = LAMP_PARKED;
	snprintf(ev.u.lamp.spot, TEXT_SZ, "701");
	ev.u.lamp.since_ms = f.now;
	tell(&f, &ev);
	pass(&f, 5000);
	play(&f, "F2 +2000 F1 +2000 R Down Enter +2000 Right e 'x' Enter");
	assert_string_equal("spot 701@1|spot 701@0|retrieve 701@1|"
			    "note 701@1 x", f.wishes);
	desk_reset(&f.desk);
}


/** It changes once more while the question stands: yes was to another */
static void test_ask_again(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	active(&f);
	tell_lamp(&f, 0, LAMP_FREE, "");
	play(&f, "F1");
	pass(&f, 100);
	tell_lamp(&f, 0, LAMP_PARKED, "Eve");
	play(&f, "y");
	assert_string_equal("", f.wishes);
	assert_string_equal("701 has just changed. Retrieve Eve from 701? "
			    "y/n", f.screen.ask_text);
	play(&f, "+100 y");
	assert_string_equal("spot 701", f.wishes);
	desk_reset(&f.desk);
}


/** The row under the cursor went: Enter must not take its neighbour */
static void test_list_changes(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	tell_lamp(&f, 4, LAMP_PARKED, "Eve");
	pass(&f, 5000);
	play(&f, "R");
	tell_lamp(&f, 0, LAMP_FREE, "");
	play(&f, "Enter");
	assert_string_equal("", f.wishes);
	assert_string_equal("705", f.screen.list_spot);
	play(&f, "+800 Enter");
	assert_string_equal("retrieve 705", f.wishes);

	/* one that came before it does not move the choice */
	play(&f, "+2000 R");
	tell_lamp(&f, 7, LAMP_PARKED, "Fay");
	play(&f, "Down +800 Up Enter");
	assert_string_equal("retrieve 705|retrieve 705", f.wishes);
	desk_reset(&f.desk);
}


static void test_parked_order(void **state)
{
	static const char *const wantv[] = {"799", "704", "703", "701"};
	struct parked v[8];
	struct fixture f;
	(void)state;

	setup(&f, false);
	tell_lamp(&f, 0, LAMP_FREE, "");
	f.now = 50000;
	tell_book(&f, "799", "Zoe", "", false);   /* has no lamp         */
	f.now = 60000;
	tell_lamp(&f, 3, LAMP_PARKED, "D");
	f.now = 70000;
	tell_lamp(&f, 2, LAMP_PARKED, "C");
	f.now = 80000;
	tell_lamp(&f, 0, LAMP_PARKED, "A");

	assert_int_equal(4, screen_parked(v, 8, &f.desk));
	for (size_t i = 0; i < 4; i++)
		row_str(i, wantv[i], parked_spot(&v[i]));
	assert_int_equal(2, screen_parked(v, 2, &f.desk));
	desk_reset(&f.desk);
}


static void test_bell(void **state)
{
	static const struct {
		uint64_t pass_ms;
		int call_state;
		unsigned bells;
	} rowv[] = {
		{0, DESKCALL_INCOMING, 1},
		{1999, DESKCALL_INCOMING, 1},
		{1, DESKCALL_INCOMING, 2},
		{4000, DESKCALL_INCOMING, 4},
		{0, DESKCALL_ACTIVE, 4},
		{9000, DESKCALL_ACTIVE, 4},
		{0, DESKCALL_CLOSED, 4},
		{0, DESKCALL_INCOMING, 5},
	};
	struct fixture f;
	(void)state;

	setup(&f, false);
	for (size_t i = 0; i < ROWS(rowv); i++) {
		tell_call(&f, 1, (enum deskcall_state)rowv[i].call_state,
			  false, "");
		pass(&f, rowv[i].pass_ms);
		row_uint(i, rowv[i].bells, f.bells);
	}
	desk_reset(&f.desk);
}


/** Every minute while a call that I parked waits; not in a call */
static void test_reminder(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	f.screen.prm.reminder_s = 60;
	tell_lamp(&f, 0, LAMP_FREE, "");
	tell_lamp(&f, 2, LAMP_PARKED, "Eve");
	pass(&f, 600000);
	assert_int_equal(0, f.bells);

	tell_book(&f, "702", "Bob", "", false);
	tell_lamp(&f, 1, LAMP_PARKED, "Bob");
	pass(&f, 59999);
	assert_int_equal(0, f.bells);
	pass(&f, 1);
	assert_int_equal(1, f.bells);
	assert_string_equal("Bob waits at 702, 1:00 now",
			    f.screen.message.text);
	pass(&f, 59999);
	assert_int_equal(1, f.bells);
	pass(&f, 1);
	assert_int_equal(2, f.bells);
	assert_string_equal("Bob waits at 702, 2:00 now",
			    f.screen.message.text);

	/* another one: both are told of at once */
	tell_book(&f, "704", "", "", false);
	tell_lamp(&f, 3, LAMP_PARKED, "");
	pass(&f, 60000);
	assert_int_equal(3, f.bells);
	assert_string_equal("2 parked calls wait, Bob at 702 longest, 3:00 "
			    "now", f.screen.message.text);

	/* silent in a call, at once after it */
	active(&f);
	pass(&f, 100000);
	assert_int_equal(3, f.bells);
	tell_call(&f, 1, DESKCALL_CLOSED, false, "Bob");
	pass(&f, 1);
	assert_int_equal(4, f.bells);

	/* the lamp knows better than the book */
	tell_lamp(&f, 1, LAMP_FREE, "");
	tell_book(&f, "704", "", "", true);
	pass(&f, 600000);
	assert_int_equal(4, f.bells);

	/* all calls, if that is wished */
	f.screen.prm.reminder_all = true;
	pass(&f, 1);
	assert_int_equal(5, f.bells);
	f.screen.prm.reminder_s = 0;
	pass(&f, 600000);
	assert_int_equal(5, f.bells);
	desk_reset(&f.desk);
}


/** No flash, no call, no message: no timer at all */
static void test_timers(void **state)
{
	static const struct {
		int lamp, call_state;
		uint64_t now_ms, due_ms;
	} rowv[] = {
		{LAMP_FREE,    DESKCALL_CLOSED,   200010, 0},
		{LAMP_UNKNOWN, DESKCALL_CLOSED,   200010, 0},
		{LAMP_BUSY,    DESKCALL_CLOSED,   200010, 201000},
		{LAMP_PARKED,  DESKCALL_CLOSED,   200010, 200500},
		{LAMP_RINGING, DESKCALL_CLOSED,   200010, 200200},
		{LAMP_FREE,    DESKCALL_ACTIVE,   200010, 201000},
		{LAMP_FREE,    DESKCALL_INCOMING, 200010, 200200},
		{LAMP_PARKED,  DESKCALL_ACTIVE,   200500, 201000},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f, false);
		tell_lamp(&f, 0, LAMP_FREE, "");
		tell_lamp(&f, 13, LAMP_FREE, "");
		tell_lamp(&f, 1, (enum lamp_state)rowv[i].lamp, "");
		tell_call(&f, 1, (enum deskcall_state)rowv[i].call_state,
			  false, "");
		f.now = rowv[i].now_ms;
		(void)screen_step(&f.screen, &f.desk, f.now);
		row_uint(i, rowv[i].due_ms,
			 screen_due_ms(&f.screen, &f.desk, f.now));
		desk_reset(&f.desk);
	}
}


static void test_messages(void **state)
{
	static const struct {
		enum message_level level;
		uint64_t stays_ms;         /* 0: until the next          */
	} rowv[] = {
		{MESSAGE_INFO, SCREEN_INFO_MS},
		{MESSAGE_WARN, SCREEN_WARN_MS},
		{MESSAGE_ERROR, 0},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f, false);
		screen_message(&f.screen, rowv[i].level, "hello", f.now);
		pass(&f, rowv[i].stays_ms ? rowv[i].stays_ms - 1 :
		     10 * SCREEN_WARN_MS);
		row_str(i, "hello", f.screen.message.text);
		pass(&f, 1);
		row_str(i, rowv[i].stays_ms ? "" : "hello",
			f.screen.message.text);
		desk_reset(&f.desk);
	}
}


/** Two within a moment: none is lost before it could be read */
static void test_two_messages(void **state)
{
	enum {INFO = MESSAGE_INFO, WARN = MESSAGE_WARN, ERR = MESSAGE_ERROR};
	static const struct {
		bool own;                  /* the first answers a key    */
		int first;
		uint64_t gap_ms;
		const char *key;           /* pressed in between         */
		bool own2;
		int second;
		uint64_t pass_ms;
		const char *shown;
	} rowv[] = {
		/* an answer, then what others say */
		{true, ERR, 10, "", false, WARN, 0, "first"},
		{true, ERR, 10, "", false, WARN, 1989, "first"},
		{true, ERR, 10, "", false, WARN, 1990, "second"},
		{true, INFO, 10, "", false, ERR, 0, "first"},
		{true, INFO, 10, "", false, ERR, 1990, "second"},
		{true, INFO, 2000, "", false, INFO, 0, "second"},
		{true, ERR, 2000, "", false, INFO, 0, "second"},
		/* the next key is proof enough that it was read */
		{true, ERR, 10, "F12", false, INFO, 0, "second"},

		/* what others say: the worse stays for a while, an error
		   until somebody was there */
		{false, INFO, 10, "", false, INFO, 0, "second"},
		{false, INFO, 10, "", false, ERR, 0, "second"},
		{false, WARN, 10, "", false, INFO, 0, "first"},
		{false, WARN, 10, "", false, INFO, 1990, "second"},
		{false, WARN, 10, "", false, WARN, 0, "second"},
		{false, ERR, 10, "", false, WARN, 0, "first"},
		{false, ERR, 10, "", false, WARN, 1990, "second"},
		{false, ERR, 10, "", false, INFO, 100000, "first"},
		{false, ERR, 2000, "F12", false, INFO, 0, "second"},
		{false, ERR, 1000, "F12", false, INFO, 0, "first"},

		/* an answer is at once, an unread error comes back */
		{false, ERR, 10, "", true, INFO, 0, "second"},
		{false, ERR, 10, "", true, INFO, 1999, "second"},
		{false, ERR, 10, "", true, INFO, 2000, "first"},
		{false, ERR, 2000, "F12", true, INFO, 100000, ""},
		{false, WARN, 10, "", true, INFO, 100000, ""},
		{true, ERR, 10, "", true, INFO, 100000, ""},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct fixture f;

		setup(&f, false);
		tell_lamp(&f, 11, LAMP_UNKNOWN, "");
		pass(&f, 1000);
		say(&f, rowv[i].own,
		    (enum message_level)rowv[i].first, "first");
		pass(&f, rowv[i].gap_ms);
		if (rowv[i].key[0])
			play(&f, rowv[i].key);
		say(&f, rowv[i].own2,
		    (enum message_level)rowv[i].second, "second");
		pass(&f, rowv[i].pass_ms);
		row_str(i, rowv[i].shown, f.screen.message.text);
		desk_reset(&f.desk);
	}
}


/** Esc takes a message away; chatter that waited too long is no news */
static void test_message_goes(void **state)
{
	struct fixture f;
	(void)state;

	setup(&f, false);
	say(&f, false, MESSAGE_ERROR, "first");
	pass(&f, 3000);
	say(&f, false, MESSAGE_INFO, "second");
	pass(&f, 3000);
	assert_string_equal("first", f.screen.message.text);
	play(&f, "Esc +10");
	assert_string_equal("second", f.screen.message.text);

	say(&f, false, MESSAGE_ERROR, "first");
	pass(&f, 3000);
	say(&f, false, MESSAGE_INFO, "second");
	pass(&f, SCREEN_INFO_MS);
	play(&f, "Esc +10");
	assert_string_equal("", f.screen.message.text);
	desk_reset(&f.desk);
}


/** The selection stays inside while lamps and calls come and go */
static void test_any_keys(void **state)
{
	static const char *const keyv[] = {
		"Up", "Down", "Left", "Right", "PgUp", "PgDn", "g", "G",
		"Tab", "Enter", "Esc", "R", "?", "d", "/", "1", "2", "n",
		"x", "a", "F3", "q", "y", "e", "k", "*", "7", "Backspace",
	};
	struct fixture f;
	uint32_t seed = 5;
	(void)state;

	setup(&f, false);

	for (size_t i = 0; i < 20000; i++) {

		struct event ev;

		seed = seed * 1664525 + 1013904223;
		play(&f, keyv[(seed >> 16) % ROWS(keyv)]);
		f.now += (seed >> 8) % 300;
		f.wishes[0] = '\0';

		if (seed % 11 == 0) {
			memset(&ev, 0, sizeof(ev));
			ev.type = EVENT_LAMPS;
			ev.u.lamps = (seed >> 12) % 60;
			tell(&f, &ev);
		}
		if (seed % 7 == 0)
			tell_call(&f, 1 + (seed >> 12) % 5,
				  (enum deskcall_state)
				  (1 + (seed >> 20) % DESKCALL_CLOSED),
				  seed & 1, "X");
		if (seed % 13 == 0)
			screen_resize(&f.screen, &f.desk,
				      1 + (int)(seed >> 14) % 250,
				      1 + (int)(seed >> 22) % 70);
		if (f.desk.lampc)
			tell_lamp(&f, (unsigned)((seed >> 9) %
						 f.desk.lampc),
				  (enum lamp_state)((seed >> 4) %
						    LAMP_STATES), "Y");

		row_true(i, f.screen.lamp < f.desk.lampc ||
			 (!f.desk.lampc && !f.screen.lamp));
		row_true(i, !f.screen.call ||
			 desk_call(&f.desk, f.screen.call) != NULL);
		row_true(i, f.screen.mode < SCREEN_MODES);
	}

	desk_reset(&f.desk);
}


static void tell_told(struct fixture *f, unsigned id, const char *place,
		      const char *who, const char *retrieve)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_BOOK;
	ev.u.book.id = id;
	snprintf(ev.u.book.spot, TEXT_SZ, "%s", place);
	snprintf(ev.u.book.who, TEXT_SZ, "%s", who);
	snprintf(ev.u.book.retrieve, TEXT_SZ, "%s", retrieve);
	ev.u.book.since_ms = f->now + id;
	tell(f, &ev);
}


/* Lamp 701 is that of our own extension: its calls stand in the book */
static void tell_own(struct fixture *f, unsigned calls)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_LAMP;
	ev.u.lamp.kind = LAMP_SPOT;
	snprintf(ev.u.lamp.spot, sizeof(ev.u.lamp.spot), "701");
	ev.u.lamp.state = calls ? LAMP_PARKED : LAMP_FREE;
	ev.u.lamp.calls = calls;
	ev.u.lamp.booked = true;
	ev.u.lamp.since_ms = f->now;
	tell(f, &ev);
}


/* Calls are parked on extensions: one key parks, with a number or twice, and
   one lamp takes them back, from a list if several wait */
static void test_personal(void **state)
{
	static const struct {
		unsigned told;       /* calls parked on 701, our own     */
		bool talking;
		const char *keys, *wishes;
	} rowv[] = {
		{0, true,  "p 1 0 2 p",        "park 102"},
		{0, true,  "p 1 0 2 Enter",    "park 102"},
		{0, true,  "p p",              "park group"},
		{0, true,  "p Enter",          "park"},
		{0, true,  "p 1 Backspace p",  "park group"},
		{0, true,  "p Esc",            ""},
		{0, true,  "p 1 Esc",          ""},
		{0, false, "p",                "park"},
		{1, false, "F1",               "spot 701"},
		{2, false, "F1",               ""},
		{2, false, "F1 Enter",         "retrieve 701 1"},
		{2, false, "F1 Down Enter",    "retrieve 701 2"},
		{2, false, "R Down Enter",     "retrieve 701 2"},
		{0, false, "c",                ""},
		{1, false, "c",                "copy *88"},
		{2, false, "c",                "copy *88701"},
	};
	(void)state;

	for (size_t i = 0; i < ROWS(rowv); i++) {
		struct fixture f;

		setup(&f, false);
		f.screen.prm.park_asks = true;
		tell_own(&f, rowv[i].told);
		if (rowv[i].told > 0)
			tell_told(&f, 1, "701", "Anna", "*88");
		if (rowv[i].told > 1)
			tell_told(&f, 2, "701", "Ben", "*88701");
		if (rowv[i].talking)
			tell_call(&f, 1, DESKCALL_ACTIVE, false, "Bob");
		pass(&f, 2000);
		play(&f, rowv[i].keys);
		row_str(i, rowv[i].wishes, f.wishes);
		desk_reset(&f.desk);
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_spot_keys),
		unit_test(test_dial_line),
		unit_test(test_keypad),
		unit_test(test_actions),
		unit_test(test_quit_names),
		unit_test(test_ask),
		unit_test(test_ask_deed),
		unit_test(test_offers),
		unit_test(test_offer_changes),
		unit_test(test_held),
		unit_test(test_retrieve),
		unit_test(test_undo),
		unit_test(test_not_in_view),
		unit_test(test_changed_unseen),
		unit_test(test_digit_lamp),
		unit_test(test_same_spot),
		unit_test(test_ask_again),
		unit_test(test_list_changes),
		unit_test(test_parked_order),
		unit_test(test_bell),
		unit_test(test_reminder),
		unit_test(test_timers),
		unit_test(test_messages),
		unit_test(test_two_messages),
		unit_test(test_message_goes),
		unit_test(test_any_keys),
		unit_test(test_personal),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
