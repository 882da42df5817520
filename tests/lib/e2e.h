/**
 * @file tests/lib/e2e.h  The phone in a terminal, its PBX in the test
 *
 * Extension 101, with the spots 701 to 706 (keys 1 to 6) and the colleagues
 * 102 to 105 (keys 7 to 0). The verdict on calls comes from the PBX's books.
 */
#ifndef PARKDECK_TESTS_E2E_H
#define PARKDECK_TESTS_E2E_H

#include "modules/demo/demo.h"
#include "tests/lib/vt.h"

/** Numbers of callers */
#define E2E_ANNA "015550101"
#define E2E_BERT "015550102"

struct e2e {
	struct vt_home home;
	struct demo *demo;
	struct demo_manner manner;
	struct vt *vt;
};

/** Fixture: registered, all lamps are known, and have just changed */
int e2e_setup(void **state);

/** Same with spots 701 to 712: each F-key has one */
int e2e_setup_12(void **state);

/**
 * Same with other lines of configuration
 *
 * @param park   A call can be parked at a spot of one's choice
 * @param park_s The PBX gives a call back after; 0: 300 s
 */
int e2e_setup_with(void **state, const char *lines, bool park,
		   uint32_t park_s);
int e2e_teardown(void **state);

/** Let Anna (E2E_ANNA) or Bert ring; wait until the screen shows it */
void e2e_ring(struct e2e *e, const char *number);

/** Same, and answer */
void e2e_talk(struct e2e *e, const char *number);

/** Let a colleague park such a call, wait until the lamp flashes */
void e2e_park(struct e2e *e, const char *number, const char *spot);

/** Open the help and close it again: all keys typed before have acted. No
    line is open, nothing asks: the help would not come */
void e2e_settle(struct e2e *e);

/** Same, and wait until the PBX has nothing new to tell: what those keys
    asked for has been done */
void e2e_at_rest(struct e2e *e);

/* the books */

/** @return He talks with our phone, who does not hold him */
bool e2e_talks(struct e2e *e, const char *number);
bool e2e_rings(struct e2e *e, const char *number);
bool e2e_parked(struct e2e *e, const char *number, const char *spot);
bool e2e_held(struct e2e *e, const char *number);
bool e2e_gone(struct e2e *e, const char *number);

/** @return The two talk with each other */
bool e2e_together(struct e2e *e, const char *a, const char *b);

/** @return Keypad tones that our phone sent in its call with him */
const char *e2e_keys(struct e2e *e, const char *number);

/** @return When he came where he is, of the program's clock */
uint64_t e2e_since(struct e2e *e, const char *number);

#endif
