/**
 * @file app/phone.c  The bridge to libbaresip: stack, accounts, network
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#define DEBUG_MODULE "parkdeck"
#define DEBUG_LEVEL 4
#include <re_dbg.h>
#include <baresip.h>
#include "bigmsg.h"
#include "log.h"
#include "phone_int.h"
#include "phone_modules.h"
#include "phone_wrap.h"
#include "siphook.h"


enum {
	NET_POLL_MS   = 5000,
	STOP_MS       = 2000,
	REGINT_MAX_S  = 300,
	SLEPT_MS      = 5000,    /* less than that servers do not notice */
};


static void destructor(void *data)
{
	struct phone *phone = data;

	tmr_cancel(&phone->tmr_net);
	tmr_cancel(&phone->tmr_stop);
	mem_deref(phone->interface);
}


static void acct_destructor(void *data)
{
	struct acct *acct = data;

	mem_deref(acct->ua);
	mem_deref(acct->pub.aor);
	mem_deref(acct->pub.user);
	mem_deref(acct->pub.hostport);
	mem_deref(acct->pub.params);
	mem_deref(acct->pub.uri);
	mem_deref(acct->pub.dname);
	mem_deref(acct->pub.cuser);
	mem_deref(acct->pub.route);
	mem_deref(acct->auth_user);
	mem_deref(acct->pass);
}


static void baresip_log_handler(uint32_t level, const char *msg)
{
	size_t len = str_len(msg);
	enum applog_level l = APPLOG_DEBUG;

	while (len && (msg[len-1] == '\n' || msg[len-1] == '\r'))
		--len;

	switch (level) {

	/* what baresip informs of is of use to its developers */
	case LEVEL_INFO:  l = APPLOG_DEBUG; break;
	case LEVEL_WARN:  l = APPLOG_WARN;  break;
	case LEVEL_ERROR: l = APPLOG_ERROR; break;
	default: break;
	}

	applog(l, "baresip: %b", msg, len);
}


static struct log baresip_log = {
	.h = baresip_log_handler,
};


static void dbg_handler(int level, const char *p, size_t len, void *arg)
{
	(void)arg;

	while (len && (p[len-1] == '\n' || p[len-1] == '\r'))
		--len;

	applog(level <= DBG_WARNING ? APPLOG_WARN : APPLOG_DEBUG,
	       "re: %b", p, len);
}


static void log_end(void)
{
	log_unregister_handler(&baresip_log);
	dbg_handler_set(NULL, NULL);
}


static void trace_handler(bool tx, enum sip_transp tp, const struct sa *src,
			  const struct sa *dst, const uint8_t *pkt, size_t len,
			  void *arg)
{
	const char *p = (const char *)pkt;
	(void)arg;

	applog(APPLOG_INFO, "sip: %s %s %J -> %J", tx ? "TX" : "RX",
	       sip_transp_name(tp), src, dst);

	/* a line of the message is a line of the log */
	while (len) {
		const char *nl = memchr(p, '\n', len);
		size_t n = nl ? (size_t)(nl - p) : len;
		size_t l = n && p[n-1] == '\r' ? n - 1 : n;

		applog(APPLOG_INFO, "sip| %b", p, l);

		if (!nl)
			break;
		p   += n + 1;
		len -= n + 1;
	}
}


struct own {
	const struct sa *sa;
	bool found;
};


static bool own_handler(const char *ifname, const struct sa *sa, void *arg)
{
	struct own *own = arg;
	(void)ifname;

	own->found = sa_cmp(sa, own->sa, SA_ADDR);

	return own->found;
}


bool phone_own_address(const struct sa *sa)
{
	struct own own = {.sa = sa};

	if (sa)
		(void)net_if_apply(own_handler, &own);

	return own.found;
}


/*
 * The address that our side of the calls has. The way to the first account's
 * server decides, if it is given as an address: a phone in two networks must
 * not offer the wrong one. With nothing but loopback that has to do, also
 * until a configured interface comes up.
 */
static void find_laddr(const struct phone *phone, const struct cfg *cfg,
		       struct sa *laddr)
{
	struct sa sa;

	sa_init(laddr, AF_INET);

	if (phone->interface) {
		if (!sa_set_str(laddr, phone->interface, 0)) {
			if (phone_own_address(laddr))
				return;
			goto loopback;
		}
		if (!net_if_getaddr(phone->interface, AF_INET, laddr))
			return;
		if (!net_if_getaddr(phone->interface, AF_INET6, laddr))
			return;
		goto loopback;
	}

	for (size_t i = 0; cfg && i < cfg->accountc; i++) {

		struct uri uri;
		struct pl pl;

		pl_set_str(&pl, cfg->accountv[i].aor);
		if (uri_decode(&uri, &pl) || sa_set(&sa, &uri.host, 5060))
			continue;
		if (!net_dst_source_addr_get(&sa, laddr))
			return;
	}

	for (size_t i = 0; !cfg && i < phone->acctc; i++) {

		struct uri uri;
		struct pl pl;

		pl_set_str(&pl, phone->acctv[i]->pub.aor);
		if (uri_decode(&uri, &pl) || sa_set(&sa, &uri.host, 5060))
			continue;
		if (!net_dst_source_addr_get(&sa, laddr))
			return;
	}

	if (!net_default_source_addr_get(AF_INET, laddr) &&
	    sa_isset(laddr, SA_ADDR))
		return;

	if (!net_default_source_addr_get(AF_INET6, laddr) &&
	    sa_isset(laddr, SA_ADDR) && !sa_is_linklocal(laddr))
		return;

 loopback:
	(void)sa_set_str(laddr, "127.0.0.1", 0);
}


/* A network that comes up, a VPN: other name servers without another address
   of ours */
static void dns_look(struct phone *phone)
{
	struct stat st;

	if (stat("/etc/resolv.conf", &st))
		memset(&st, 0, sizeof(st));

	if (st.st_ino == phone->resolv.st_ino &&
	    st.st_size == phone->resolv.st_size &&
	    st.st_mtim.tv_sec == phone->resolv.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == phone->resolv.st_mtim.tv_nsec)
		return;

	phone->resolv = st;
	applog(APPLOG_INFO, "net: /etc/resolv.conf has changed");
	net_dns_refresh(baresip_network());
}


static void net_handler(void *arg)
{
	struct phone *phone = arg;
	struct network *net = baresip_network();
	const uint64_t slept_ms = clock_slept_ms(&phone->gap, phone->clock,
						 phone->boot_clock);
	struct sa laddr;

	tmr_start(&phone->tmr_net, NET_POLL_MS, net_handler, phone);

	dns_look(phone);

	find_laddr(phone, NULL, &laddr);
	if (!sa_cmp(&laddr, &phone->laddr, SA_ADDR)) {

		applog(APPLOG_WARN, "net: our address changed from %j to %j",
		       &phone->laddr, &laddr);

		phone->laddr = laddr;
		(void)net_set_address(net, &laddr);
		net_dns_refresh(net);

		/* calls under way are told the new address by a re-INVITE */
		(void)uag_reset_transp(false, true);
	}
	else if (slept_ms > SLEPT_MS) {

		/* registrations may have run out, connections are gone:
		   what is sent on them is answered by nobody */
		applog(APPLOG_WARN, "net: the machine slept for %llu s",
		       (unsigned long long)slept_ms / 1000);
		sip_transp_flush(uag_sip());
		net_dns_refresh(net);
	}
	else
		return;

	if (phone->neth)
		phone->neth(phone->netarg);
}


/* libre trusts nobody by itself, and every server would be refused */
static const char *system_ca(void)
{
	/* as OpenSSL has it */
	const char *own = getenv("SSL_CERT_FILE");
	static const char *const pathv[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
	};

	if (str_isset(own))
		return access(own, R_OK) || strpbrk(own, " \t") ? NULL : own;

	for (size_t i = 0; i < ARRAY_SIZE(pathv); i++) {
		if (!access(pathv[i], R_OK))
			return pathv[i];
	}

	return NULL;
}


static int configure(struct phone *phone, const struct cfg *cfg)
{
	const char *ca = cfg_get(cfg, "tls_ca");
	const bool folder = cfg->baresip && strstr(cfg->baresip,
						   "sip_capath");
	static struct config defaults;
	static bool kept;
	struct mbuf *mb;
	int err;

	/* what an earlier configuration has set and this one does not must
	   not stay */
	if (!kept)
		defaults = *conf_config();
	kept = true;
	*conf_config() = defaults;

	/* a folder of the user's own stands instead of the system's */
	if (!str_isset(ca) && !folder)
		ca = system_ca();
	phone_wrap_no_ca(!str_isset(ca) && !folder);

	mb = mbuf_alloc(2048);
	if (!mb)
		return ENOMEM;

	/* the first of a key counts: what the user's own lines say last
	   cannot make another program of this phone */
	err  = mbuf_printf(mb,
			   "module_path\t/nonexistent\n"
			   "call_hold_other_calls\tno\n"
			   "audio_source\tparkdeck,none\n"
			   "audio_player\tparkdeck,none\n"
			   "audio_alert\tparkdeck,none\n"
			   /* our driver converts any rate; baresip's own
			      resampler does not survive a change of codec */
			   "ausrc_srate\t0\n"
			   "auplay_srate\t0\n"
			   "ausrc_channels\t0\n"
			   "auplay_channels\t0\n"
			   "audio_txmode\tpoll\n"
			   "jitter_buffer_type\tfixed\n"
			   "rtp_timeout\t0\n"
			   /* max_calls is ours: a recall gets through it */
			   "call_max_calls\t%u\n"
			   "net_interface\t%j\n"
			   "sip_verify_server\t%s\n",
			   CALLS_MAX,
			   &phone->laddr,
			   cfg_get_bool(cfg, "tls_verify") ? "yes" : "no");
	if (str_isset(ca))
		err |= mbuf_printf(mb, "sip_cafile\t%s\n", ca);
	err |= mbuf_printf(mb, "%s", cfg->baresip ? cfg->baresip : "");
	if (err)
		goto out;

	/* this only stores the text */
	err = conf_configure_buf(mb->buf, mb->end);
	if (err)
		goto out;

	err = config_parse_conf(conf_config(), conf_cur());

 out:
	mem_deref(mb);

	return err;
}


static int pl_dup_printf(char **strp, const struct pl *pl)
{
	return pl_isset(pl) ? pl_strdup(strp, pl) : str_dup(strp, "");
}


static int acct_alloc(struct acct **acctp, struct phone *phone,
		      const struct cfg_account *ca, const char *uuid,
		      char *errbuf, size_t errsz)
{
	struct sip_addr addr;
	struct acct *acct;
	struct pl pl, val;
	char *line = NULL;
	int err;

	acct = mem_zalloc(sizeof(*acct), acct_destructor);
	if (!acct)
		return ENOMEM;

	acct->phone = phone;
	acct->pub.p = acct;
	acct->pub.idx = (unsigned)phone->acctc;

	pl_set_str(&pl, ca->addr);
	err = sip_addr_decode(&addr, &pl);
	if (err)
		goto out;

	err = str_dup(&acct->pub.aor, ca->aor);
	err |= pl_dup_printf(&acct->pub.user, &addr.uri.user);
	err |= pl_dup_printf(&acct->pub.params, &addr.uri.params);
	if (pl_isset(&addr.dname))
		err |= pl_strdup(&acct->pub.dname, &addr.dname);
	if (addr.uri.port)
		err |= re_sdprintf(&acct->pub.hostport,
				   addr.uri.af == AF_INET6 ? "[%r]:%u" :
				   "%r:%u", &addr.uri.host, addr.uri.port);
	else
		err |= re_sdprintf(&acct->pub.hostport,
				   addr.uri.af == AF_INET6 ? "[%r]" : "%r",
				   &addr.uri.host);
	err |= re_sdprintf(&acct->pub.uri, "sip:%s%s", acct->pub.hostport,
			   acct->pub.params);
	if (acct->pub.idx)
		err |= re_sdprintf(&acct->pub.cuser, "%s-%u", uuid,
				   acct->pub.idx);
	else
		err |= str_dup(&acct->pub.cuser, uuid);
	if (err)
		goto out;

	acct->pub.regint_s = REGINT_MAX_S;
	if (!msg_param_decode(&addr.params, "regint", &val))
		acct->pub.regint_s = min(pl_u32(&val), REGINT_MAX_S);
	if (!msg_param_decode(&addr.params, "auth_user", &val))
		err |= pl_strdup(&acct->auth_user, &val);
	if (!msg_param_decode(&addr.params, "outbound", &val) ||
	    !msg_param_decode(&addr.params, "outbound1", &val)) {
		err |= pl_strdup(&acct->pub.route, &val);
	}
	if (err)
		goto out;

	if (ca->pass) {
		err = str_dup(&acct->pass, ca->pass);
		if (err)
			goto out;
	}

	/* call_transfer=no: baresip would follow a REFER by itself */
	err = re_sdprintf(&line, "%s;regint=%u;call_transfer=no;mwi=no",
			  ca->addr, REGINT_MAX_S);
	if (err)
		goto out;

	err = ua_alloc(&acct->ua, line);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "account %s: %m", ca->aor,
				  err);
		goto out;
	}

	/* baresip answers by itself without telling that a call came in */
	if (account_answermode(ua_account(acct->ua)) == ANSWERMODE_AUTO) {
		acct->auto_answer = msg_param_decode(&addr.params,
						     "answerdelay", &val) ||
			!pl_u32(&val);
		err |= account_set_answermode(ua_account(acct->ua),
					      ANSWERMODE_MANUAL);
	}

	acct->pub.password = acct->pass != NULL;
	if (acct->pass)
		err |= account_set_auth_pass(ua_account(acct->ua),
					     acct->pass);

	/* ua_cuser() prefers a public GRUU (RFC 5627) to the user-and-heap
	   pointer that baresip makes up at each start: the stored uuid as
	   Contact user stays the same, so the registrar sees one binding */
	pl_set_str(&pl, acct->pub.cuser);
	ua_pub_gruu_set(acct->ua, &pl);

	/* its ua owns calls; we hold no reference of our own beyond this */
	if (!acct->pub.regint_s) {
		struct uri uri;

		pl_set_str(&pl, acct->pub.route ? acct->pub.route :
			   acct->pub.uri);
		if (!uri_decode(&uri, &pl) &&
		    !sa_set(&acct->server, &uri.host, 0)) {
			acct->server_tp = SIP_TRANSP_UDP;
			acct->server_known = true;
		}
	}

 out:
	mem_deref(line);
	if (err)
		mem_deref(acct);
	else
		*acctp = acct;

	return err;
}


int phone_alloc(struct phone **phonep, const struct phone_prm *prm,
		char *errbuf, size_t errsz)
{
	struct phone *phone;
	const struct cfg *cfg;
	const char *ifname;
	int err;

	if (!phonep || !prm || !prm->clock || !prm->bus || !prm->cfg ||
	    !prm->uuid || !errbuf)
		return EINVAL;

	cfg = prm->cfg;
	errbuf[0] = '\0';

	phone = mem_zalloc(sizeof(*phone), destructor);
	if (!phone)
		return ENOMEM;

	phone->clock   = prm->clock;
	phone->boot_clock = prm->boot_clock;
	phone->bus     = prm->bus;
	phone->neth    = prm->neth;
	phone->netarg  = prm->arg;
	phone->backgroundh = prm->backgroundh;
	phone->next_id = 1;
	phone->rtp_timeout_s = cfg_get_u32(cfg, "rtp_timeout");
	phone->max_calls = cfg_get_u32(cfg, "max_calls");
	phone->requests_any = !str_casecmp(cfg_get(cfg, "requests"), "any");

	log_enable_stdout(false);
	log_enable_debug(true);
	log_register_handler(&baresip_log);
	dbg_init(DBG_WARNING, 0);
	dbg_handler_set(dbg_handler, NULL);

	ifname = cfg_get(cfg, "net_interface");
	if (str_isset(ifname)) {
		err = str_dup(&phone->interface, ifname);
		if (err)
			goto out;
	}

	find_laddr(phone, cfg, &phone->laddr);

	err = configure(phone, cfg);
	if (err)
		goto out;

	err = baresip_init(conf_config());
	if (err)
		goto out;

	phone->up = true;
	mod_init();

	err = phone_modules_load();
	if (err)
		goto out;

	siphook_arm();
	err = ua_init(prm->software, true, true, true);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "cannot open a SIP port on"
				  " %j: %m", &phone->laddr, err);
		goto out;
	}

	if (cfg_get_bool(cfg, "sip_trace"))
		sip_set_trace_handler(uag_sip(), trace_handler);

	for (size_t i = 0; i < cfg->accountc && i < ACCOUNTS_MAX; i++) {

		err = acct_alloc(&phone->acctv[i], phone, &cfg->accountv[i],
				 prm->uuid, errbuf, errsz);
		if (err)
			goto out;

		phone->acctc = i + 1;
	}

	err  = phone_msg_init(phone);
	err |= phone_call_init(phone);
	if (err)
		goto out;

	applog(APPLOG_INFO, "net: our address is %j", &phone->laddr);
	(void)stat("/etc/resolv.conf", &phone->resolv);
	(void)clock_slept_ms(&phone->gap, phone->clock, phone->boot_clock);
	tmr_start(&phone->tmr_net, NET_POLL_MS, net_handler, phone);

 out:
	if (err && !errbuf[0])
		(void)re_snprintf(errbuf, errsz,
				  "cannot start the SIP stack: %m", err);
	if (err && !phone->up)
		log_end();
	*phonep = phone;

	return err;
}


void phone_close(struct phone *phone)
{
	if (!phone || !phone->up)
		return;

	phone->up = false;
	tmr_cancel(&phone->tmr_net);
	tmr_cancel(&phone->tmr_stop);

	phone_call_close(phone);
	phone_refer_close(phone);
	phone_msg_close(phone);

	for (size_t i = 0; i < phone->acctc; i++)
		phone->acctv[i] = mem_deref(phone->acctv[i]);
	phone->acctc = 0;

	uag_set_exit_handler(NULL, NULL);
	sip_close(uag_sip(), true);    /* what nobody answered in time */
	ua_close();
	siphook_close();
	bigmsg_close();
	module_app_unload();
	conf_close();
	baresip_close();
	mod_close();
	log_end();
}


static void finish(struct phone *phone)
{
	void (*exith)(void *arg) = phone->exith;
	void *arg = phone->exitarg;

	phone->exith = NULL;
	phone_close(phone);

	if (exith)
		exith(arg);
}


/* The exit handler is called from within the stack that is closed here */
static void stopped_handler(void *arg)
{
	finish(arg);
}


static void exit_handler(void *arg)
{
	struct phone *phone = arg;

	tmr_start(&phone->tmr_stop, 0, stopped_handler, phone);
}


void phone_stop(struct phone *phone, void (*exith)(void *arg), void *arg)
{
	if (!phone)
		return;

	phone->exith = exith;
	phone->exitarg = arg;

	if (!phone->up) {
		finish(phone);
		return;
	}

	phone_call_close(phone);

	tmr_start(&phone->tmr_stop, STOP_MS, stopped_handler, phone);
	uag_set_exit_handler(exit_handler, phone);
	sip_close(uag_sip(), false);
}


struct sip *phone_sip(const struct phone *phone)
{
	return phone && phone->up ? uag_sip() : NULL;
}


size_t phone_accountc(const struct phone *phone)
{
	return phone ? phone->acctc : 0;
}


struct phone_account *phone_account(const struct phone *phone, unsigned idx)
{
	if (!phone || idx >= phone->acctc)
		return NULL;

	return &phone->acctv[idx]->pub;
}


int phone_account_find(const struct phone *phone, unsigned *idxp,
		       const char *name)
{
	size_t n = 0;

	for (size_t i = 0; phone && name && i < phone->acctc; i++) {

		const struct phone_account *acc = &phone->acctv[i]->pub;

		if (strcmp(acc->user, name) && strcmp(acc->aor, name) &&
		    strcmp(acc->aor + strlen("sip:"), name))
			continue;

		*idxp = (unsigned)i;
		++n;
	}

	return n == 1 ? 0 : n ? EEXIST : ENOENT;
}


int phone_auth(char **user, char **pass, const char *realm, void *arg)
{
	const struct phone_account *acc = arg;
	const struct acct *acct;
	(void)realm;

	if (!acc || !user || !pass)
		return EINVAL;

	acct = acc->p;
	if (!acct->pass)
		return EAUTH;

	return str_dup(user, acct->auth_user ? acct->auth_user : acc->user) |
		str_dup(pass, acct->pass);
}


void phone_registered(struct phone *phone, unsigned idx, bool registered,
		      const struct sip_msg *msg)
{
	struct acct *acct;

	if (!phone || idx >= phone->acctc)
		return;

	acct = phone->acctv[idx];
	acct->pub.registered = registered;

	if (msg) {
		acct->server = msg->src;
		acct->server_tp = msg->tp;
		acct->server_known = true;
	}
}


void phone_server_silent(struct phone *phone, unsigned idx, bool silent)
{
	struct acct *acct;

	if (!phone || idx >= phone->acctc)
		return;

	acct = phone->acctv[idx];
	if (!silent)
		acct->silent_ms = 0;
	else if (!acct->silent_ms)
		acct->silent_ms = clock_ms(phone->clock);
}


void phone_refused(struct phone *phone, unsigned idx, bool refused)
{
	if (phone && idx < phone->acctc)
		phone->acctv[idx]->pub.refused = refused;
}


/* RFC 3261 25.1: user = 1*( unreserved / escaped / user-unreserved ) */
static bool user_char(unsigned char c)
{
	return isalnum(c) || (c && strchr("-_.!~*'()&=+$,;?/", c));
}


/* As people write numbers: "+49 (0)30 / 901-820" */
static void number_clean(char *buf, size_t size, const char *where)
{
	static const char marks[] = " ()/.-\t";
	const bool plus = *where == '+';
	size_t n = 0;

	for (const char *p = where; *p && n + 1 < size; p++) {

		/* a national 0 is not dialled from abroad */
		if (plus && !strncmp(p, "(0)", 3)) {
			p += 2;
			continue;
		}

		if (!strchr(marks, *p))
			buf[n++] = *p;
	}

	buf[n] = '\0';
}


static bool is_number(const char *s)
{
	return strspn(s, "0123456789+*# ()/.-\t") == strlen(s) &&
		strpbrk(s, "0123456789*#");
}


int phone_uri(char *buf, size_t size, const struct phone_account *acc,
	      const char *where)
{
	struct uri uri;
	size_t n = 0;
	struct pl pl;
	bool full;
	int r;

	if (!buf || !size || !acc || !where)
		return EINVAL;

	while (*where == ' ')
		++where;

	for (const char *p = where; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '<' ||
		    *p == '>' || *p == '"')
			return EINVAL;
	}

	full = !strncasecmp(where, "sip:", 4) ||
		!strncasecmp(where, "sips:", 5);

	/* only in a number a blank is no part of it */
	if ((full || strchr(where, '@')) && strchr(where, ' '))
		return EINVAL;

	if (full)
		r = re_snprintf(buf, size, "%s", where);
	else if (strchr(where, '@'))
		r = re_snprintf(buf, size, "sip:%s", where);
	else {
		char user[3 * TEXT_SZ], number[TEXT_SZ];

		if (strlen(where) >= sizeof(number))
			return ENOMEM;

		if (is_number(where)) {
			number_clean(number, sizeof(number), where);
			where = number;
		}

		for (; *where; where++) {

			const unsigned char c = (unsigned char)*where;

			if (n + 4 > sizeof(user))
				return ENOMEM;
			if (user_char(c))
				user[n++] = (char)c;
			else {
				(void)re_snprintf(&user[n], 4, "%%%02X", c);
				n += 3;
			}
		}
		user[n] = '\0';
		if (!n)
			return EINVAL;

		r = re_snprintf(buf, size, "sip:%s@%s%s", user,
				acc->hostport, acc->params);
	}

	if (r < 0)
		return ENOMEM;

	pl_set_str(&pl, buf);

	return uri_decode(&uri, &pl) ? EINVAL : 0;
}
