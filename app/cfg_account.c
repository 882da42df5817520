/**
 * @file app/cfg_account.c  A line `account`, in baresip's syntax, checked
 */
#include <string.h>
#include <strings.h>
#include <re.h>
#include "app/cfg.h"
#include "app/cfg_load.h"
#include "app/text_model.h"

static const char expected[] = "<sip:USER@HOST> is expected, such as"
	" <sip:101@pbx.example.com;transport=tls>;auth_pass=secret";

/** Parameters that baresip knows, but where parkdeck has its own way */
static const char *const decidedv[] = {
	"mwi", "call_transfer", "video_codecs", "video_source",
	"video_display", "audio_source", "audio_player", "pubint", "prio",
	"rwait", "fbregint", "regq", "sipnat", "outbound2", "extra",
};


/* Inside of quotes, as baresip's parser wants it: no escape is taken off */
static bool quotable(const char *val)
{
	return !strpbrk(val, "\"\\");
}


static bool bare(const char *val)
{
	size_t i;

	for (i = 0; val[i]; i++) {

		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789_-.,:/@", val[i]))
			return false;
	}

	return i > 0;
}


static bool host_ok(const struct uri *uri)
{
	size_t i;

	if (uri->af == AF_INET6)
		return true;

	for (i = 0; i < uri->host.l; i++) {

		const char c = uri->host.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && c != '.' && c != '-' &&
		    c != '_')
			return false;
	}

	return i > 0;
}


static bool user_ok(const struct pl *user)
{
	size_t i;

	for (i = 0; i < user->l; i++) {

		const char c = user->p[i];

		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789-_.!~*'()&=+$,;?/%", c))
			return false;
	}

	return i > 0;
}


/* Only ";transport=…" is taken: what else stands here is mostly meant to
   stand after the > */
static const char *uri_params_fault(const struct pl *params)
{
	static const char *const tpv[] = {
		";transport=udp", ";transport=tcp", ";transport=tls",
		";transport=ws", ";transport=wss",
	};
	size_t i;

	if (!params->l)
		return NULL;

	for (i = 0; i < ARRAY_SIZE(tpv); i++) {

		if (!pl_strcasecmp(params, tpv[i]))
			return NULL;
	}

	return "inside < > only ;transport=udp, tcp, tls, ws or wss is"
		" expected; other parameters stand after the >";
}


static const char *uri_fault(const char *text, struct uri *uri)
{
	struct pl pl;

	if (!strncasecmp(text, "sips:", 5))
		return "sips: is not known: write sip: and ;transport=tls";

	if (strncasecmp(text, "sip:", 4) || strpbrk(text, " \t\"\\<>"))
		return expected;

	pl_set_str(&pl, text);
	if (uri_decode(uri, &pl))
		return expected;

	if (uri->password.l)
		return "a password inside the address is not taken: write"
			" ;auth_pass=secret after the >";

	if (!pl_isset(&uri->user) || !user_ok(&uri->user) ||
	    !host_ok(uri) || uri->path.l || uri->headers.l)
		return expected;

	return uri_params_fault(&uri->params);
}


static int known_params(char *buf, size_t size)
{
	const struct cfg_option *o;
	size_t pos = 0;

	buf[0] = '\0';

	for (o = cfg_account_params(); o->key; o++) {

		const int n = re_snprintf(buf + pos, size - pos, "%s%s",
					  pos ? ", " : "", o->key);
		if (n < 0)
			return ENOMEM;

		pos += (size_t)n;
	}

	return 0;
}


static int unknown_param(struct cfg_load *ld, const char *name)
{
	const struct cfg_option *o;
	const char *best = NULL;
	unsigned dist = 0;
	char known[600];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(decidedv); i++) {

		if (!strcmp(decidedv[i], name))
			return cfg_mistake(ld, "account: '%s' is decided by"
					   " parkdeck itself, it must go",
					   name);
	}

	for (o = cfg_account_params(); o->key; o++) {

		const unsigned d = near_distance(name, o->key);

		if (near_enough(name, o->key, d) && (!best || d < dist)) {
			best = o->key;
			dist = d;
		}
	}

	(void)known_params(known, sizeof(known));

	return cfg_mistake(ld, "account: unknown parameter '%.60s'%s%s%s;"
			   " known are %s", name,
			   best ? "; did you mean '" : "",
			   best ? best : "", best ? "'" : "", known);
}


/** One account line under way */
struct reading {
	struct cfg_account acc;
	struct mbuf *mb;                /* Becomes acc.addr              */
	uint64_t seen;                  /* Bit by row of the parameters  */
	bool proxy;                     /* outbound or outbound1         */
	char val[CFG_LINE_MAX + 1];
	bool ok;
};


static int step_param(struct cfg_load *ld, struct reading *rd,
		      struct cfg_piece piece)
{
	const struct cfg_option *tab = cfg_account_params(), *o;
	char name[CFG_KEY_MAX], text[160];
	struct cfg_piece np;
	enum cfg_fault fault;

	fault = cfg_lex_param(&np, rd->val, sizeof(rd->val), piece);

	(void)re_snprintf(name, sizeof(name), "%b", np.p,
			  min(np.l, sizeof(name) - 1));

	if (fault == CFG_NO_NAME)
		return cfg_fault(ld, fault, "account");

	for (o = tab; o->key && strcmp(o->key, name); o++)
		;

	if (!o->key)
		return unknown_param(ld, name);

	if (fault)
		return cfg_fault(ld, fault, name);

	if (rd->seen & UINT64_C(1) << (o - tab))
		return cfg_mistake(ld, "account: %s is given twice", name);

	rd->seen |= UINT64_C(1) << (o - tab);

	/* two names of the same */
	if (!strncmp(name, "outbound", 8) && rd->proxy)
		return cfg_mistake(ld, "account: outbound and outbound1 are"
				   " the same, one is expected");
	rd->proxy = rd->proxy || !strncmp(name, "outbound", 8);

	if (!rd->val[0])
		return cfg_mistake(ld, "account: a value is expected after"
				   " %s=", name);

	if (!strcmp(name, "auth_pass")) {
		rd->ok = true;
		return str_dup(&rd->acc.pass, rd->val);
	}

	if (!strcmp(name, "auth_pass_cmd")) {
		rd->ok = true;
		return str_dup(&rd->acc.pass_cmd, rd->val);
	}

	if (cfg_option_check(o, rd->val, sizeof(rd->val), text, sizeof(text)))
		return cfg_mistake(ld, "account: %s=%.80s: %s", name, rd->val,
				   text);

	if (!quotable(rd->val))
		return cfg_mistake(ld, "account: %s: no \" and no \\ can stand"
				   " in this value", name);

	if (!strncmp(name, "outbound", 8) &&
	    strncasecmp(rd->val, "sip:", 4))
		return cfg_mistake(ld, "account: %s: an address is expected,"
				   " such as \"sip:proxy.example.com;lr\"",
				   name);

	rd->ok = true;

	return mbuf_printf(rd->mb, bare(rd->val) ? ";%s=%s" : ";%s=\"%s\"",
			   name, rd->val);
}


/* "Display name" <sip:…> */
static int step_head(struct cfg_load *ld, struct reading *rd,
		     struct cfg_piece head)
{
	struct cfg_piece dname, up;
	char text[CFG_LINE_MAX + 1];
	struct uri uri;
	const char *lt = NULL, *why;
	bool quote = false;
	size_t i;
	int err = 0;

	for (i = 0; i < head.l && !lt; i++) {

		if (quote && head.p[i] == '\\' && i + 1 < head.l)
			++i;
		else if (head.p[i] == '"')
			quote = !quote;
		else if (!quote && head.p[i] == '<')
			lt = head.p + i;
	}

	if (!lt || head.p[head.l - 1] != '>')
		return cfg_mistake(ld, "account: %s", expected);

	dname.p = head.p;
	dname.l = (size_t)(lt - head.p);
	while (dname.l && strchr(" \t", dname.p[dname.l - 1]))
		--dname.l;

	up.p = lt + 1;
	up.l = head.l - (size_t)(up.p - head.p) - 1;

	if (up.l >= sizeof(text))
		return cfg_mistake(ld, "account: %s", expected);

	memcpy(text, up.p, up.l);
	text[up.l] = '\0';

	why = uri_fault(text, &uri);
	if (why)
		return cfg_mistake(ld, "account: %s", why);

	if (cfg_lex_text(rd->val, sizeof(rd->val), dname))
		return cfg_fault(ld, CFG_QUOTE_OPEN, "account");

	if (rd->val[0]) {
		err = mbuf_write_u8(rd->mb, '"');
		for (i = 0; rd->val[i]; i++) {
			if (strchr("\"\\", rd->val[i]))
				err |= mbuf_write_u8(rd->mb, '\\');
			err |= mbuf_write_u8(rd->mb, (uint8_t)rd->val[i]);
		}
		err |= mbuf_write_str(rd->mb, "\" ");
	}

	err |= mbuf_printf(rd->mb, "<%s>", text);
	err |= pl_strdup(&rd->acc.name, &uri.user);
	uri.params = pl_null;
	err |= re_sdprintf(&rd->acc.aor, "%H", uri_encode, &uri);
	if (err)
		return ENOMEM;

	if (strlen(rd->acc.aor) >= TEXT_SZ)
		return cfg_mistake(ld, "account: the address is too long: at"
				   " most %u bytes are expected",
				   (unsigned)TEXT_SZ - 1);

	rd->ok = true;

	return 0;
}


static int check_twice(struct cfg_load *ld, struct reading *rd)
{
	char where[256];
	size_t i;

	for (i = 0; i < ld->cfg->accountc; i++) {

		if (strcmp(ld->cfg->accountv[i].aor, rd->acc.aor))
			continue;

		rd->ok = false;
		return cfg_mistake(ld, "account %s is given twice: it was"
				   " first in %s", rd->acc.aor,
				   cfg_place_text(where, sizeof(where), ld,
						  &ld->accountv[i]));
	}

	return 0;
}


static int publish(struct cfg_load *ld, struct reading *rd)
{
	struct cfg *cfg = ld->cfg;
	int err;

	rd->mb->pos = 0;
	err = mbuf_strdup(rd->mb, &rd->acc.addr, rd->mb->end);
	if (err)
		return err;

	err  = cfg_grow((void **)&ld->accountv, cfg->accountc,
			sizeof(*ld->accountv));
	err |= cfg_grow((void **)&cfg->accountv, cfg->accountc,
			sizeof(*cfg->accountv));
	if (err)
		return ENOMEM;

	ld->accountv[cfg->accountc] = ld->place;
	rd->acc.file = ld->place.file;
	rd->acc.line = ld->place.line;
	cfg->accountv[cfg->accountc++] = rd->acc;
	memset(&rd->acc, 0, sizeof(rd->acc));

	return 0;
}


int cfg_account_line(struct cfg_load *ld, struct cfg_piece val)
{
	struct cfg_piece pv[CFG_PIECES_MAX];
	char whole[CFG_LINE_MAX + 1];
	struct reading *rd;
	enum cfg_fault fault;
	size_t n = 0, i;
	bool good;
	int err;

	ld->accounts_seen = true;

	/* the whole line may stand in quotes, as any value may */
	if (val.l > 2 && val.p[0] == '"' && val.p[1] == '<' &&
	    !cfg_lex_text(whole, sizeof(whole), val)) {
		val.p = whole;
		val.l = strlen(whole);
	}

	rd = mem_zalloc(sizeof(*rd), NULL);
	if (!rd)
		return ENOMEM;

	rd->mb = mbuf_alloc(256);
	if (!rd->mb) {
		err = ENOMEM;
		goto out;
	}

	fault = cfg_lex_split(pv, &n, val);
	if (fault) {
		err = cfg_fault(ld, fault, "account");
		goto out;
	}

	err = step_head(ld, rd, pv[0]);
	good = rd->ok;

	for (i = 1; !err && i < n; i++) {
		rd->ok = false;
		err = step_param(ld, rd, pv[i]);
		good = good && rd->ok;
	}

	ld->pass_seen = ld->pass_seen || rd->acc.pass ||
		memmem(rd->mb->buf, rd->mb->end, ";stunpass=", 10);
	ld->cmd_seen = ld->cmd_seen || rd->acc.pass_cmd;

	if (err || !good)
		goto out;

	if (rd->acc.pass && rd->acc.pass_cmd) {
		err = cfg_mistake(ld, "account: either auth_pass or"
				  " auth_pass_cmd is expected, not both");
		goto out;
	}

	err = check_twice(ld, rd);
	if (err || !rd->ok)
		goto out;

	if (ld->cfg->accountc >= CFG_ACCOUNTS_MAX) {
		err = cfg_mistake(ld, "account: at most %u accounts are"
				  " expected", (unsigned)CFG_ACCOUNTS_MAX);
		goto out;
	}

	err = publish(ld, rd);

 out:
	mem_deref(rd->acc.addr);
	mem_deref(rd->acc.aor);
	mem_deref(rd->acc.name);
	cfg_wipe(rd->acc.pass);
	cfg_wipe(rd->acc.pass_cmd);
	mem_deref(rd->mb);
	explicit_bzero(whole, sizeof(whole));
	explicit_bzero(rd->val, sizeof(rd->val));
	mem_deref(rd);

	return err;
}
