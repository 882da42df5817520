/**
 * @file app/cfg_lamps.c  The lines `spots`, `spot`, `lamp` and `list`
 */
#include <string.h>
#include <re.h>
#include "app/cfg.h"
#include "app/cfg_load.h"
#include "app/text_model.h"

enum {
	HASH_SIZE = 1 << 15,    /* Power of two, above CFG_LAMPS_MAX      */
};

/** Parameters of a lamp's line; strings of libre's heap */
struct lamp_prm {
	char *label;
	char *watch;
	char *park;
	char *retrieve;
	char *account;
	char *kind;
};


static void prm_close(struct lamp_prm *prm)
{
	mem_deref(prm->label);
	mem_deref(prm->watch);
	mem_deref(prm->park);
	mem_deref(prm->retrieve);
	mem_deref(prm->account);
	mem_deref(prm->kind);
}


static size_t hash(const char *str)
{
	return (size_t)hash_joaat_str(str) & (HASH_SIZE - 1);
}


static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}


static bool same_account(const char *named, const char *given)
{
	return !given || same(named, given);
}


/* The lamp that such a line means: without ;account= the first of its
   number. @return Index + 1, or 0 */
static size_t find_lamp(const struct cfg_load *ld, const char *number,
			const char *account)
{
	size_t i;

	if (!ld->hashv)
		return 0;

	for (i = ld->hashv[hash(number)]; i; i = ld->notev[i - 1].next) {

		if (!strcmp(ld->cfg->lampv[i - 1].spot, number) &&
		    same_account(ld->notev[i - 1].account, account))
			break;
	}

	return i;
}


/* Chains are in the order of the lines */
static void chain(struct cfg_load *ld, size_t idx)
{
	size_t *slot = &ld->hashv[hash(ld->cfg->lampv[idx].spot)];

	while (*slot)
		slot = &ld->notev[*slot - 1].next;

	*slot = idx + 1;
}


/* Twice the room at a time: 20000 lamps are not copied 20000 times */
static int room(struct cfg_load *ld)
{
	struct cfg *cfg = ld->cfg;
	void *v;
	size_t cap;

	if (!ld->hashv) {
		ld->hashv = mem_zalloc(HASH_SIZE * sizeof(*ld->hashv), NULL);
		if (!ld->hashv)
			return ENOMEM;
	}

	if (cfg->lampc < ld->lampcap)
		return 0;

	cap = ld->lampcap ? 2 * ld->lampcap : 32;

	v = mem_reallocarray(cfg->lampv, cap, sizeof(*cfg->lampv), NULL);
	if (!v)
		return ENOMEM;
	cfg->lampv = v;

	v = mem_reallocarray(ld->notev, cap, sizeof(*ld->notev), NULL);
	if (!v)
		return ENOMEM;
	ld->notev = v;

	ld->lampcap = cap;

	return 0;
}


/* dst takes a copy; what stands there is kept if `keep` */
static int take(char **dst, const char *src, bool keep)
{
	char *dup = NULL;
	int err;

	if (!src || (keep && *dst))
		return 0;

	err = str_dup(&dup, src);
	if (err)
		return err;

	mem_deref(*dst);
	*dst = dup;

	return 0;
}


static int fill(struct cfg_lamp *lamp, const struct lamp_prm *prm, bool keep)
{
	int err;

	err  = take(&lamp->label, prm->label, keep);
	err |= take(&lamp->watch, prm->watch, keep);
	err |= take(&lamp->park, prm->park, keep);
	err |= take(&lamp->retrieve, prm->retrieve, keep);

	return err;
}


static int add_lamp(struct cfg_load *ld, enum lamp_kind kind,
		    const char *number, const struct lamp_prm *prm,
		    bool ranged)
{
	struct cfg *cfg = ld->cfg;
	struct cfg_lamp *lamp;
	struct cfg_lamp_note *note;
	int err;

	err = room(ld);
	if (err)
		return err;

	lamp = &cfg->lampv[cfg->lampc];
	note = &ld->notev[cfg->lampc];
	memset(lamp, 0, sizeof(*lamp));
	memset(note, 0, sizeof(*note));
	++cfg->lampc;

	lamp->kind = kind;
	note->place = ld->place;
	note->ranged = ranged;

	err  = str_dup(&lamp->spot, number);
	err |= fill(lamp, prm, false);
	err |= take(&note->account, prm->account, false);
	if (err)
		return ENOMEM;

	chain(ld, cfg->lampc - 1);

	return 0;
}


/*
 * A number that is there already
 *
 * A range and a line of its own go together in either order, the line's
 * words count more. So do two files, where the later one counts more.
 */
static int merge_lamp(struct cfg_load *ld, bool *okp, size_t idx,
		      enum lamp_kind kind, const struct lamp_prm *prm,
		      bool ranged)
{
	struct cfg_lamp *lamp = &ld->cfg->lampv[idx];
	struct cfg_lamp_note *note = &ld->notev[idx];
	const bool same_file = note->place.file == ld->place.file;
	char where[256];
	int err;

	*okp = lamp->kind == kind &&
		(!same_file || note->ranged != ranged);

	if (!*okp)
		return cfg_mistake(ld, "%s %s is given twice: it was first in"
				   " %s", kind == LAMP_SPOT ? "spot" : "lamp",
				   lamp->spot,
				   cfg_place_text(where, sizeof(where), ld,
						  &note->place));

	if (ranged && !note->ranged && same_file)
		return fill(lamp, prm, true);

	err = fill(lamp, prm, false);
	if (!ranged || !same_file) {
		note->ranged = ranged;
		note->place = ld->place;
	}

	return err;
}


static int put_lamp(struct cfg_load *ld, bool *okp, enum lamp_kind kind,
		    const char *number, const struct lamp_prm *prm,
		    bool ranged)
{
	size_t idx = find_lamp(ld, number, prm->account);

	*okp = true;

	if (idx)
		return merge_lamp(ld, okp, idx - 1, kind, prm, ranged);

	if (ld->cfg->lampc >= CFG_LAMPS_MAX) {
		*okp = false;
		return cfg_mistake(ld, "more than %u lamps",
				   (unsigned)CFG_LAMPS_MAX);
	}

	return add_lamp(ld, kind, number, prm, ranged);
}


/** Which parameter goes where, and on which line it may stand */
static const struct {
	const char *name;
	size_t offset;
	bool spots, spot, lamp, list;
	bool template;
} paramv[] = {
	{"label",    offsetof(struct lamp_prm, label),    0, 1, 1, 1, false},
	{"watch",    offsetof(struct lamp_prm, watch),    1, 1, 1, 0, true},
	{"park",     offsetof(struct lamp_prm, park),     1, 1, 0, 0, true},
	{"retrieve", offsetof(struct lamp_prm, retrieve), 1, 1, 1, 0, true},
	{"account",  offsetof(struct lamp_prm, account),  1, 1, 1, 1, false},
	{"kind",     offsetof(struct lamp_prm, kind),     0, 0, 0, 1, false},
};


static bool allowed(size_t i, const char *key)
{
	if (!strcmp(key, "spots"))
		return paramv[i].spots;
	if (!strcmp(key, "spot"))
		return paramv[i].spot;
	if (!strcmp(key, "list"))
		return paramv[i].list;

	return paramv[i].lamp;
}


static int unknown_param(struct cfg_load *ld, const char *key,
			 const char *name)
{
	char known[80];
	size_t i, pos = 0;

	for (i = 0; i < ARRAY_SIZE(paramv); i++) {

		const int n = allowed(i, key) ?
			re_snprintf(known + pos, sizeof(known) - pos, "%s%s",
				    pos ? ", " : "", paramv[i].name) : 0;
		if (n > 0)
			pos += (size_t)n;
	}

	return cfg_mistake(ld, "%s: unknown parameter '%s'; known are %s",
			   key, name, known);
}


static int step_param(struct cfg_load *ld, bool *okp, struct lamp_prm *prm,
		      const char *key, struct cfg_piece piece)
{
	char val[CFG_LINE_MAX + 1], name[CFG_KEY_MAX];
	const char *why = NULL;
	struct cfg_piece np;
	enum cfg_fault fault;
	char **dst;
	size_t i;

	*okp = false;

	fault = cfg_lex_param(&np, val, sizeof(val), piece);
	(void)re_snprintf(name, sizeof(name), "%b", np.p,
			  min(np.l, sizeof(name) - 1));

	if (fault == CFG_NO_NAME)
		return cfg_fault(ld, fault, key);

	for (i = 0; i < ARRAY_SIZE(paramv); i++) {
		if (!strcmp(paramv[i].name, name) && allowed(i, key))
			break;
	}

	if (i == ARRAY_SIZE(paramv))
		return unknown_param(ld, key, name);

	if (fault)
		return cfg_fault(ld, fault, name);

	dst = (char **)(void *)((char *)prm + paramv[i].offset);
	if (*dst)
		return cfg_mistake(ld, "%s: %s is given twice", key, name);

	if (!val[0])
		why = "a value is expected";
	else if (strlen(val) >= TEXT_SZ)
		why = "the value is too long: at most 95 bytes are expected";
	else if (paramv[i].template)
		why = cfg_template_fault(val);

	if (why)
		return cfg_mistake(ld, "%s: %s: %s", key, name, why);

	*okp = true;

	return str_dup(dst, val);
}


/* Cut the line into its head and its parameters */
static int read_line(struct cfg_load *ld, bool *okp, char *head, size_t size,
		     struct lamp_prm *prm, const char *key,
		     struct cfg_piece val)
{
	struct cfg_piece pv[CFG_PIECES_MAX];
	enum cfg_fault fault;
	size_t n = 0, i;
	bool ok = true;
	int err = 0;

	*okp = false;

	fault = cfg_lex_split(pv, &n, val);
	if (!fault)
		fault = cfg_lex_text(head, size, pv[0]);
	if (fault)
		return cfg_fault(ld, fault, key);

	*okp = true;

	for (i = 1; !err && i < n; i++) {
		err = step_param(ld, &ok, prm, key, pv[i]);
		*okp = *okp && ok;
	}

	return err;
}


int cfg_lamp_line(struct cfg_load *ld, struct cfg_piece val,
		  enum lamp_kind kind)
{
	const char *key = kind == LAMP_SPOT ? "spot" : "lamp";
	struct lamp_prm prm = {.label = NULL};
	char head[CFG_LINE_MAX + 1];
	bool ok;
	int err;

	err = read_line(ld, &ok, head, sizeof(head), &prm, key, val);
	if (err || !ok)
		goto out;

	if (!cfg_number_ok(head)) {
		err = cfg_mistake(ld, "%s %.80s: a number is expected, such as"
				  " %s;label=\"%s\"", key, head,
				  kind == LAMP_SPOT ? "701" : "102",
				  kind == LAMP_SPOT ? "Front desk" : "Anna");
		goto out;
	}

	err = put_lamp(ld, &ok, kind, head, &prm, false);

 out:
	prm_close(&prm);

	return err;
}


static int grow_range(struct cfg_load *ld, const struct cfg_range *range,
		      const struct cfg_piece *item, const struct lamp_prm *prm)
{
	char number[CFG_NUMBER_MAX];
	uint64_t n;
	bool ok = true;
	int err;

	cfg_range_number(number, range, 0);
	if (!cfg_number_ok(number))
		return cfg_mistake(ld, "spots %.*s: a range of numbers is"
				   " expected, such as 701-720",
				   (int)item->l, item->p);

	if (range->last - range->first >= CFG_LAMPS_MAX)
		return cfg_mistake(ld, "spots %.*s: more than %u lamps",
				   (int)item->l, item->p,
				   (unsigned)CFG_LAMPS_MAX);

	for (n = 0; ok && n <= range->last - range->first; n++) {

		cfg_range_number(number, range, n);

		err = put_lamp(ld, &ok, LAMP_SPOT, number, prm, true);
		if (err)
			return err;
	}

	return 0;
}


int cfg_spots_line(struct cfg_load *ld, struct cfg_piece val)
{
	struct lamp_prm prm = {.label = NULL};
	char head[CFG_LINE_MAX + 1];
	struct cfg_piece list, item;
	bool ok, any = false;
	int err;

	err = read_line(ld, &ok, head, sizeof(head), &prm, "spots", val);
	if (err || !ok)
		goto out;

	list.p = head;
	list.l = strlen(head);

	for (;;) {
		struct cfg_range range;
		enum cfg_fault fault;
		char what[64];

		fault = cfg_lex_range(&range, &list, &item);
		if (fault == CFG_BLANK)
			break;

		any = true;

		if (fault) {
			(void)re_snprintf(what, sizeof(what), "spots %b",
					  item.p, min(item.l, (size_t)40));
			err = cfg_fault(ld, fault, what);
		}
		else {
			err = grow_range(ld, &range, &item, &prm);
		}

		if (err)
			goto out;
	}

	if (!any)
		err = cfg_mistake(ld, "spots: a range is expected, such as"
				  " 701-720");

 out:
	prm_close(&prm);

	return err;
}


/* Something to subscribe to: a name, user@host or a sip: address */
static bool list_ok(const char *s)
{
	if (!*s || strlen(s) >= CFG_LIST_MAX)
		return false;

	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f ||
		    strchr("<>\"\\;?", *s))
			return false;
	}

	return true;
}


static int add_list(struct cfg_load *ld, const char *head,
		    const struct lamp_prm *prm)
{
	struct cfg *cfg = ld->cfg;
	struct cfg_list *list;
	int err;

	for (size_t i = 0; i < cfg->listc; i++) {

		if (!strcmp(cfg->listv[i].target, head) &&
		    same(cfg->listv[i].account_name, prm->account))
			return cfg_mistake(ld, "list %s is given twice",
					   head);
	}

	if (cfg->listc >= CFG_LISTS_MAX)
		return cfg_mistake(ld, "more than %u lists",
				   (unsigned)CFG_LISTS_MAX);

	err = cfg_grow((void **)&cfg->listv, cfg->listc, sizeof(*list));
	if (err)
		return err;

	list = &cfg->listv[cfg->listc++];
	list->line = ld->place.line;
	list->file = ld->place.file;
	list->kind = prm->kind && !strcmp(prm->kind, "extension")
		? LAMP_EXTENSION : LAMP_SPOT;

	err  = str_dup(&list->target, head);
	err |= take(&list->label, prm->label, false);
	err |= take(&list->account_name, prm->account, false);

	return err ? ENOMEM : 0;
}


int cfg_list_line(struct cfg_load *ld, struct cfg_piece val)
{
	struct lamp_prm prm = {.label = NULL};
	char head[CFG_LINE_MAX + 1];
	bool ok;
	int err;

	err = read_line(ld, &ok, head, sizeof(head), &prm, "list", val);
	if (err || !ok)
		goto out;

	if (!list_ok(head))
		err = cfg_mistake(ld, "list %.80s: the list's name or address"
				  " is expected, such as parking-all or"
				  " sip:parking-all@pbx.example.com", head);
	else if (prm.kind && strcmp(prm.kind, "spot") &&
		 strcmp(prm.kind, "extension"))
		err = cfg_mistake(ld, "list: kind %.40s: spot or extension is"
				  " expected", prm.kind);
	else
		err = add_list(ld, head, &prm);

 out:
	prm_close(&prm);

	return err;
}


/* "102", "102@pbx" or "sip:102@pbx" */
static bool account_named(const struct cfg_account *acc, const char *name)
{
	return !strcmp(acc->name, name) || !strcmp(acc->aor, name) ||
		!strcmp(acc->aor + 4, name);
}


static int find_account(struct cfg_load *ld, unsigned *idxp,
			const char *name)
{
	const struct cfg *cfg = ld->cfg;
	size_t i, n = 0, found = 0;

	for (i = 0; i < cfg->accountc; i++) {

		if (account_named(&cfg->accountv[i], name)) {
			found = i;
			++n;
		}
	}

	if (n == 1) {
		*idxp = (unsigned)found;
		return 0;
	}

	if (n)
		return cfg_mistake(ld, "account=%s: there are %zu such"
				   " accounts: write %s@HOST", name, n, name);

	return cfg_mistake(ld, "account=%s: there is no such account; the"
			   " user part of an account line is expected", name);
}


/* One that is named and is the same as the one that is not named */
static int check_twice(struct cfg_load *ld, size_t idx)
{
	const struct cfg_lamp *lamp = &ld->cfg->lampv[idx];
	char where[256];
	size_t i;

	for (i = ld->hashv[hash(lamp->spot)]; i && i - 1 < idx;
	     i = ld->notev[i - 1].next) {

		const struct cfg_lamp *first = &ld->cfg->lampv[i - 1];

		if (first->account != lamp->account ||
		    strcmp(first->spot, lamp->spot))
			continue;

		return cfg_mistake(ld, "%s is given twice: it was first in"
				   " %s", lamp->spot,
				   cfg_place_text(where, sizeof(where), ld,
						  &ld->notev[i - 1].place));
	}

	return 0;
}


int cfg_lamps_finish(struct cfg_load *ld)
{
	struct cfg *cfg = ld->cfg;
	struct cfg_place last = {0, 0};
	size_t i;
	int err;

	for (i = 0; i < cfg->lampc; i++) {

		const struct cfg_lamp_note *note = &ld->notev[i];
		const size_t errorc = cfg->errorc;

		ld->place = note->place;
		ld->path = ld->cfg->filev[note->place.file];

		/* a range's mistake is one mistake, not twenty */
		if (note->account && !(last.line == note->place.line &&
				       last.file == note->place.file)) {

			err = find_account(ld, &cfg->lampv[i].account,
					   note->account);
			if (err)
				return err;

			if (cfg->errorc != errorc)
				last = note->place;
		}

		err = check_twice(ld, i);
		if (err)
			return err;
	}

	for (i = 0; i < cfg->listc; i++) {

		struct cfg_list *list = &cfg->listv[i];

		if (!list->account_name)
			continue;

		ld->place.file = list->file;
		ld->place.line = list->line;
		ld->path = ld->cfg->filev[list->file];

		err = find_account(ld, &list->account, list->account_name);
		if (err)
			return err;
	}

	return 0;
}
