/**
 * @file modules/demo/demo_auth_sip.c  Built-in PBX: digest and registrar
 */
#include <string.h>
#include "app/log.h"
#include "modules/demo/demo_int.h"




struct demo_ext *demo_ext_find(const struct demo *d, const char *number)
{
	struct le *le;

	for (le = d->extl.head; le; le = le->next) {

		struct demo_ext *ext = le->data;

		if (!strcmp(ext->number, number))
			return ext;
	}

	return NULL;
}


struct demo_ext *demo_ext_user(const struct demo *d, const struct pl *user)
{
	struct le *le;

	for (le = d->extl.head; le; le = le->next) {

		struct demo_ext *ext = le->data;

		if (!pl_strcmp(user, ext->number))
			return ext;
	}

	return NULL;
}


/* ---- digest (RFC 2617, as SIP uses it) ---- */

static int nonce_make(const struct demo *d, char *buf, size_t sz,
		      uint64_t at_s)
{
	uint8_t digest[MD5_SIZE];
	int err = md5_printf(digest, "%llu:%s", at_s, d->secret);
	if (err)
		return err;

	return re_snprintf(buf, sz, "%llu/%w", at_s, digest,
			   sizeof(digest)) > 0 ? 0 : ENOMEM;
}


/** @return 0; ETIMEDOUT stale; EAUTH not one of ours */
static int nonce_check(const struct demo *d, const struct pl *nonce)
{
	const uint64_t now_s = demo_now(d) / 1000;
	char want[64];
	uint64_t at_s;
	struct pl at;

	if (re_regex(nonce->p, nonce->l, "[0-9]+/", &at))
		return EAUTH;

	at_s = pl_u64(&at);

	if (nonce_make(d, want, sizeof(want), at_s) ||
	    pl_strcmp(nonce, want) || at_s > now_s)
		return ETIMEDOUT;       /* before a restart, perhaps */

	return now_s - at_s <= d->m.nonce_s ? 0 : ETIMEDOUT;
}


static void challenge(struct demo *d, const struct sip_msg *msg, bool stale)
{
	char nonce[64];

	if (nonce_make(d, nonce, sizeof(nonce), demo_now(d) / 1000))
		return;

	(void)demo_reply(d, NULL, NULL, msg, NULL, 401, NULL, NULL, NULL, 0,
			 "WWW-Authenticate: Digest realm=\"%s\","
			 "nonce=\"%s\",opaque=\"%08x\",%salgorithm=MD5,"
			 "qop=\"auth\"\r\n",
			 d->m.realm, nonce, rand_u32(),
			 stale ? "stale=true," : "");
}


static bool realm_handler(const struct sip_hdr *hdr,
			  const struct sip_msg *msg, void *arg)
{
	struct httpauth_digest_resp resp;
	const char *realm = arg;
	(void)msg;

	return !httpauth_digest_response_decode(&resp, &hdr->val) &&
		!pl_strcmp(&resp.realm, realm);
}


/**
 * Who sends this? Unless that is proven the request has been answered.
 *
 * @param extp Extension, set on return
 */
int demo_auth(struct demo *d, struct demo_ext **extp,
	      const struct sip_msg *msg)
{
	struct httpauth_digest_resp resp;
	const struct sip_hdr *hdr;
	uint8_t ha1[MD5_SIZE];
	struct demo_ext *ext;
	int err;

	hdr = sip_msg_hdr_apply(msg, true, SIP_HDR_AUTHORIZATION,
				realm_handler, (void *)d->m.realm);
	if (!hdr || httpauth_digest_response_decode(&resp, &hdr->val)) {
		challenge(d, msg, false);
		return EAUTH;
	}

	ext = demo_ext_user(d, &resp.username);
	if (!ext)
		goto bad;

	err = md5_printf(ha1, "%r:%s:%s", &resp.username, d->m.realm,
			 ext->pass);
	if (err || httpauth_digest_response_auth(&resp, &msg->met, ha1))
		goto bad;

	/* the password is right: now only may it be told that the nonce
	   is old (RFC 2617 3.2.1) */
	if (nonce_check(d, &resp.nonce)) {
		challenge(d, msg, true);
		return EAUTH;
	}

	*extp = ext;
	return 0;

 bad:
	if (d->m.badauth_code == 401)
		challenge(d, msg, false);
	else
		(void)demo_reply(d, NULL, NULL, msg, NULL,
				 d->m.badauth_code, NULL, NULL, NULL, 0,
				 NULL);
	return EAUTH;
}


/* ---- registrar (RFC 3261 10.3) ---- */

struct registration {
	struct demo *d;
	struct demo_ext *ext;
	const struct sip_msg *msg;
	uint32_t expires_s;      /**< Of the Expires header, or default  */
	uint16_t code;           /**< Refused with, or 0                 */
};


static void binding_destructor(void *data)
{
	struct demo_binding *b = data;

	list_unlink(&b->le);
	mem_deref(b->uri);
}


static void forget_old(const struct demo *d, const struct demo_ext *ext)
{
	struct le *le = ext->bindl.head;

	while (le) {

		struct demo_binding *b = le->data;

		le = le->next;

		if (b->due_ms <= demo_now(d))
			mem_deref(b);
	}
}


/** @return The newest address of an extension, or NULL */
struct demo_binding *demo_binding(const struct demo *d,
				  const struct demo_ext *ext)
{
	forget_old(d, ext);

	return list_ledata(ext->bindl.tail);
}


static uint32_t contact_expires(const struct registration *reg,
				const struct sip_addr *addr)
{
	struct pl pl;

	if (!msg_param_decode(&addr->params, "expires", &pl))
		return pl_u32(&pl);

	return reg->expires_s;
}


static bool check_handler(const struct sip_hdr *hdr,
			  const struct sip_msg *msg, void *arg)
{
	struct registration *reg = arg;
	struct sip_addr addr;
	uint32_t s;
	(void)msg;

	if (!pl_strcmp(&hdr->val, "*")) {
		reg->code = reg->expires_s ? 400 : 0;
		return reg->code != 0;
	}

	if (sip_addr_decode(&addr, &hdr->val)) {
		reg->code = 400;
		return true;
	}

	s = contact_expires(reg, &addr);
	if (s && s < reg->d->m.reg_min_s)
		reg->code = 423;

	return reg->code != 0;
}


static bool bind_handler(const struct sip_hdr *hdr,
			 const struct sip_msg *msg, void *arg)
{
	struct registration *reg = arg;
	struct demo_binding *b = NULL;
	struct sip_addr addr;
	struct le *le;
	uint32_t s;

	if (!pl_strcmp(&hdr->val, "*")) {
		list_flush(&reg->ext->bindl);
		return false;
	}

	if (sip_addr_decode(&addr, &hdr->val))
		return false;

	for (le = reg->ext->bindl.head; le; le = le->next) {

		struct demo_binding *old = le->data;

		if (!pl_strcmp(&addr.auri, old->uri))
			b = old;
	}

	s = contact_expires(reg, &addr);
	if (!s) {
		mem_deref(b);
		return false;
	}

	if (s > reg->d->m.reg_max_s)
		s = reg->d->m.reg_max_s;

	if (!b) {

		if (list_count(&reg->ext->bindl) >= DEMO_BINDINGS_MAX)
			mem_deref(list_ledata(reg->ext->bindl.head));

		b = mem_zalloc(sizeof(*b), binding_destructor);
		if (!b || pl_strdup(&b->uri, &addr.auri)) {
			mem_deref(b);
			reg->code = 500;
			return true;
		}

		list_append(&reg->ext->bindl, &b->le, b);
	}
	else {
		/* the newest is the one that rings */
		list_unlink(&b->le);
		list_append(&reg->ext->bindl, &b->le, b);
	}

	b->src = msg->src;
	b->tp = msg->tp;
	b->due_ms = demo_now(reg->d) + 1000ull * s;

	return false;
}


static int contacts_print(struct re_printf *pf,
			  const struct registration *reg)
{
	const uint64_t now = demo_now(reg->d);
	struct le *le;
	int err = 0;

	for (le = reg->ext->bindl.head; le; le = le->next) {

		const struct demo_binding *b = le->data;

		err |= re_hprintf(pf, "Contact: <%s>;expires=%llu\r\n",
				  b->uri, (b->due_ms - now) / 1000);
	}

	return err;
}


void demo_register(struct demo *d, const struct sip_msg *msg)
{
	struct registration reg = { .d = d, .msg = msg, .expires_s = 3600 };

	if (demo_refuses(d, DEMO_REGISTER, msg))
		return;

	if (demo_auth(d, &reg.ext, msg))
		return;

	if (pl_strcmp(&msg->to.uri.user, reg.ext->number)) {
		reg.code = 403;
		goto out;
	}

	if (msg->expires.p)
		reg.expires_s = pl_u32(&msg->expires);

	forget_old(d, reg.ext);

	/* all or nothing (RFC 3261 10.3, 7.) */
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, check_handler,
				&reg);
	if (!reg.code)
		(void)sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT,
					bind_handler, &reg);

 out:
	if (reg.code == 423)
		(void)demo_reply(d, NULL, NULL, msg, NULL, 423, NULL, NULL,
				 NULL, 0, "Min-Expires: %u\r\n",
				 d->m.reg_min_s);
	else if (reg.code)
		(void)demo_reply(d, NULL, NULL, msg, NULL, reg.code, NULL,
				 NULL, NULL, 0, NULL);
	else
		(void)demo_reply(d, NULL, NULL, msg, NULL, 200, NULL, NULL,
				 NULL, 0, "%H", contacts_print, &reg);
}
