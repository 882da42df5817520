/**
 * @file tests/lib/e2e.c  The phone in a terminal, its PBX in the test
 */
#include <string.h>
#include <re.h>
#include "tests/lib/test.h"
#include "tests/lib/e2e.h"


enum {
	COLLEAGUES = 4,
	PATIENCE_MS = 300000,
	ANNOUNCE_MS = 200,
	ANSWER_MS = 200,
	REST_MS = 200,           /* no news so long: there will be none   */
};


static size_t count(const struct vt *vt, const char *text)
{
	char *all = vt_rows(vt);
	size_t n = 0;

	for (const char *p = all; p && (p = strstr(p, text)); p++)
		++n;
	free(all);

	return n;
}


static int start(struct e2e *e, unsigned spots, const char *lines, bool park,
		 uint32_t park_s)
{
	const struct vt_prm prm = {
		.home = &e->home,
	};
	const struct demo_colleague habit = {.answer_ms = ANSWER_MS};
	struct demo_prm demo_prm = {
		.own = &e->manner,
		.spots = spots,
	};
	char text[DEMO_CONFIG_MAX];
	size_t n;
	int err;

	e->manner = *demo_manner_find("asterisk");
	e->manner.announce_ms = ANNOUNCE_MS;
	e->manner.connect_ms = 50;
	e->manner.park_s = park_s ? park_s : 300;

	err = demo_alloc(&e->demo, &demo_prm);
	if (err)
		return err;

	for (char c = '2'; c <= '5'; c++) {
		const char ext[] = {'1', '0', c, '\0'};

		err |= demo_set_colleague(e->demo, ext, &habit);
	}

	err |= demo_config(e->demo, "101", false, text, sizeof(text));
	n = strlen(text);
	/* no sound device is news of its own, in its own time */
	(void)snprintf(text + n, sizeof(text) - n, "%s%s"
		       "audio_source none\naudio_player none\n",
		       park ? "park      *{spot}\n" : "", lines);
	err |= vt_home_write(&e->home, "config/parkdeck/config", text, 0600);

	return err ? err : vt_alloc(&e->vt, &prm);
}


static int setup(void **state, unsigned spots, const char *lines, bool park,
		 uint32_t park_s)
{
	const unsigned lamps = spots + COLLEAGUES;
	struct e2e *e = calloc(1, sizeof(*e));

	if (!e || vt_home_init(&e->home))
		return -1;
	*state = e;

	if (start(e, spots, lines, park, park_s))
		return -1;

	vt_wait(e->vt, "? help");
	vt_until(e->vt, demo_subscriptions(e->demo, NULL) == lamps);
	vt_until(e->vt, count(e->vt, "○ free") == lamps);

	return 0;
}


int e2e_setup(void **state)
{
	return setup(state, 6, "", true, 0);
}


int e2e_setup_12(void **state)
{
	return setup(state, 12, "", true, 0);
}


int e2e_setup_with(void **state, const char *lines, bool park,
		   uint32_t park_s)
{
	return setup(state, 6, lines, park, park_s);
}


int e2e_teardown(void **state)
{
	struct e2e *e = *state;

	vt_end_all();
	if (e) {
		mem_deref(e->demo);
		vt_home_close(&e->home);
	}
	free(e);

	return 0;
}


/* The books */

static const struct demo_row *row_of(struct e2e *e, const char *number)
{
	return demo_books_number(demo_books(e->demo), number);
}


static bool with_us(struct e2e *e, const struct demo_row *row)
{
	const struct demo_row *other = row->with ?
		demo_books_get(demo_books(e->demo), row->with) : NULL;

	return other && !strcmp(other->number, "101");
}


bool e2e_talks(struct e2e *e, const char *number)
{
	const struct demo_row *row = row_of(e, number);

	return row && row->place == DEMO_TALKING && !row->held &&
	       with_us(e, row);
}


bool e2e_held(struct e2e *e, const char *number)
{
	const struct demo_row *row = row_of(e, number);

	return row && row->place == DEMO_TALKING && row->held &&
	       with_us(e, row);
}


bool e2e_rings(struct e2e *e, const char *number)
{
	const struct demo_row *row = row_of(e, number);

	return row && row->place == DEMO_RINGING && with_us(e, row);
}


bool e2e_parked(struct e2e *e, const char *number, const char *spot)
{
	const struct demo_row *row = row_of(e, number);

	return row && row->place == DEMO_PARKED && !strcmp(row->spot, spot);
}


bool e2e_gone(struct e2e *e, const char *number)
{
	const struct demo_row *row = row_of(e, number);

	return !row || row->place == DEMO_ENDED;
}


static const struct demo_row *peer_of(struct e2e *e, const char *number)
{
	const struct demo_row *row = row_of(e, number);

	return row && row->place == DEMO_TALKING ?
		demo_books_get(demo_books(e->demo), row->with) : NULL;
}


bool e2e_together(struct e2e *e, const char *a, const char *b)
{
	const struct demo_row *other = peer_of(e, a);

	return other && !strcmp(other->number, b);
}


const char *e2e_keys(struct e2e *e, const char *number)
{
	const struct demo_row *other = peer_of(e, number);

	return other && !strcmp(other->number, "101") ? other->keys : "";
}


uint64_t e2e_since(struct e2e *e, const char *number)
{
	const struct demo_row *row = row_of(e, number);

	return row ? row->since_ms : 0;
}


/* What happens */

static const char *name_of(const char *number)
{
	return strcmp(number, E2E_ANNA) ? "Bert" : "Anna";
}


void e2e_ring(struct e2e *e, const char *number)
{
	const char *name = name_of(number);

	vt_check(e->vt, !demo_call(e->demo, "101", name, number, PATIENCE_MS,
				   NULL));
	vt_wait(e->vt, name);
	vt_until(e->vt, e2e_rings(e, number));
}


void e2e_talk(struct e2e *e, const char *number)
{
	e2e_ring(e, number);
	vt_send(e->vt, "a");
	vt_until(e->vt, e2e_talks(e, number));
	vt_wait(e->vt, "► active");
}


void e2e_park(struct e2e *e, const char *number, const char *spot)
{
	const size_t n = count(e->vt, "●");

	vt_check(e->vt, !demo_park_by_colleague(e->demo, "102", spot,
						name_of(number), number,
						NULL));
	vt_until(e->vt, e2e_parked(e, number, spot));
	vt_until(e->vt, count(e->vt, "●") == n + 1);
}


/** A number that another one follows whenever somebody moves */
static uint64_t books_sum(struct e2e *e)
{
	const struct demo_books *books = demo_books(e->demo);
	uint64_t sum = 0;

	for (size_t i = 0; i < DEMO_ROWS; i++) {

		const struct demo_row *row = &books->rowv[i];

		sum = sum * 31 + row->since_ms + 4 * row->place + row->held;
	}

	return sum;
}


void e2e_at_rest(struct e2e *e)
{
	const uint64_t end = vt_now() + VT_WAIT_MS;
	uint64_t since = vt_now(), news = books_sum(e);

	e2e_settle(e);

	/* a key's request is on its way when the screen is drawn */
	while (vt_now() - since < REST_MS || vt_has(e->vt, "parking ")) {

		vt_check(e->vt, vt_now() < end);
		vt_turn(20);
		if (books_sum(e) != news) {
			news = books_sum(e);
			since = vt_now();
		}
	}
}


void e2e_settle(struct e2e *e)
{
	vt_send(e->vt, "?");
	vt_wait(e->vt, "Up Down PgUp PgDn");
	vt_send(e->vt, "z");
	vt_wait_gone(e->vt, "Up Down PgUp PgDn");
}
