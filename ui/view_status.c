/**
 * @file ui/view_status.c  Status line: accounts as they are, sound, clock
 */
#include <string.h>
#include "ui/text.h"
#include "ui/view.h"


enum {
	TITLE_FROM = 60,   /* columns                                     */
};

/** How much of an account is told, from most to least */
enum verbosity {
	WHOLE = 0,         /* 101@pbx.example.com not registered: 403 …   */
	SHORT,             /* 101 not registered: 403 Forbidden           */
	BRIEF,             /* 101 not registered                          */
};


static void account_print(char *buf, size_t sz, const struct account_fact *a,
			  enum verbosity verb)
{
	const char *addr = strchr(a->aor, ':');
	char name[TEXT_SZ];

	if (verb == WHOLE)
		text_print(name, sizeof(name), "%s", addr ? addr + 1 :
			   a->aor);
	else
		view_user(name, sizeof(name), a->aor);

	if (a->registered)
		text_print(buf, sz, "%s ok", name);
	else if (verb == BRIEF)
		text_print(buf, sz, "%s not registered", name);
	else
		text_print(buf, sz, "%s not registered%s%s", name,
			   a->reason[0] ? ": " : "", a->reason);
}


/** @return Columns that all accounts take */
static int accounts_width(const struct view *v, enum verbosity verb)
{
	char text[TEXT_SZ + REASON_SZ], clean[TEXT_SZ + REASON_SZ];
	int w = 0;
	size_t i;

	for (i = 0; i < v->desk->accountc; i++) {
		account_print(text, sizeof(text), &v->desk->accountv[i],
			      verb);
		text_clean(clean, sizeof(clean), text, v->theme->ascii);
		w += (int)text_width(clean) + 2;
		if (!v->desk->accountv[i].registered)
			w += 2;
	}

	return w;
}


static int account_draw(struct grid *grid, const struct view *v, int x,
			int end, const char *text, bool good)
{
	const int y = v->screen->lay.status.y;
	const enum role role = good ? ROLE_BAR_GOOD : ROLE_BAR_BAD;

	if (!good) {
		x = view_text(grid, v, x, y, end - x, role,
			      theme_sign(v->theme, SIGN_WARN));
		x = grid_text(grid, &v->screen->lay.status, x, y, role, " ");
	}

	return view_text(grid, v, x, y, end - x, role, text) + 2;
}


static void accounts(struct grid *grid, const struct view *v, int x, int end)
{
	const struct desk *desk = v->desk;
	char text[TEXT_SZ + REASON_SZ];
	enum verbosity verb = WHOLE;
	size_t i, good = 0;

	if (!desk->accountc) {
		account_draw(grid, v, x, end, "no account", false);
		return;
	}

	while (verb < BRIEF && accounts_width(v, verb) > end - x + 2)
		++verb;

	if (desk->accountc > 1 && accounts_width(v, verb) > end - x + 2) {
		for (i = 0; i < desk->accountc; i++)
			good += desk->accountv[i].registered;

		text_print(text, sizeof(text), "%zu of %zu registered", good,
			   desk->accountc);
		account_draw(grid, v, x, end, text, good == desk->accountc);
		return;
	}

	/* alone, the reason is worth more than its cut end */
	if (desk->accountc == 1 && verb == BRIEF)
		verb = SHORT;

	for (i = 0; i < desk->accountc && x < end; i++) {
		account_print(text, sizeof(text), &desk->accountv[i], verb);
		x = account_draw(grid, v, x, end, text,
				 desk->accountv[i].registered);
	}
}


void view_status_draw(struct grid *grid, const struct view *v)
{
	const struct rect *r = &v->screen->lay.status;
	char text[REASON_SZ + 16];
	int x, end, w;

	grid_fill(grid, r, ROLE_BAR, " ");

	end = r->x + r->w - 1;
	w = (int)text_width(v->clock);
	view_text(grid, v, end - w, r->y, w, ROLE_BAR, v->clock);
	end -= w + 2;

	/* the title gets what the accounts, told in short, leave to it, and
	   is the first to go */
	x = r->x + 1;
	w = end - x - 2 - accounts_width(v, SHORT);
	if (w < r->w / 4)
		w = r->w / 4;
	if (r->w >= TITLE_FROM)
		x = view_text(grid, v, x, r->y, w, ROLE_BAR, v->title) + 2;
	else if (v->banner) {
		text_print(text, sizeof(text), "%.*s",
			   (int)strcspn(v->banner, ","), v->banner);
		x = view_text(grid, v, x, r->y, w, ROLE_BAR, text) + 2;
	}

	/* where there is no heading that could say it */
	if (!v->screen->lay.lamps_title.h && v->screen->lay.pages > 1) {
		text_print(text, sizeof(text), "%zu/%zu",
			   screen_page(v->screen) + 1, v->screen->lay.pages);
		w = (int)text_width(text);
		view_text(grid, v, end - w, r->y, w, ROLE_BAR, text);
		end -= w + 2;
	}

	if (!v->desk->sound.ok && v->desk->sound.text[0]) {
		text_print(text, sizeof(text), "%s %s",
			   theme_sign(v->theme, SIGN_WARN),
			   r->w < TITLE_FROM ? "sound" : v->desk->sound.text);
		w = (int)text_width(text);
		if (w > r->w / 4)
			w = r->w / 4;
		view_text(grid, v, end - w, r->y, w, ROLE_BAR_BAD, text);
		end -= w + 2;
	}

	accounts(grid, v, x, end);
}
