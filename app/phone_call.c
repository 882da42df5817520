/**
 * @file app/phone_call.c  Calls: ours from their first event on
 */
#include <ctype.h>
#include <string.h>
#include <re.h>
#include <baresip.h>
#include "log.h"
#include "phone_int.h"
#include "phone_wrap.h"
#include "text_model.h"


enum {
	DTMF_ON_MS  = 120,
	DTMF_GAP_MS = 80,
	HELD_FACTOR = 10,        /* so many times rtp_timeout            */
};


static void call_event_handler(struct call *call, enum call_event ev,
			       const char *str, void *arg);
static void call_dtmf_handler(struct call *call, char key, void *arg);


static void destructor(void *data)
{
	struct pcall *pc = data;

	tmr_cancel(&pc->tmr_dtmf);
	list_unlink(&pc->le);
	mem_deref(pc->call);
}


struct pcall *phone_pcall(const struct phone *phone, unsigned id)
{
	struct le *le;

	for (le = phone ? phone->calll.head : NULL; le; le = le->next) {

		struct pcall *pc = le->data;

		if (pc->fact.id == id)
			return pc;
	}

	return NULL;
}


struct pcall *phone_pcall_msg(const struct phone *phone,
			      const struct sip_msg *msg)
{
	struct le *le;

	for (le = phone->calll.head; le; le = le->next) {

		struct pcall *pc = le->data;

		if (pc->call && 0 == pl_strcmp(&msg->callid, call_id(pc->call)))
			return pc;
	}

	return NULL;
}


static enum deskcall_state state_of(const struct pcall *pc)
{
	switch (call_state(pc->call)) {

	case CALL_STATE_INCOMING:
		return DESKCALL_INCOMING;

	case CALL_STATE_RINGING:
	case CALL_STATE_EARLY:
		return pc->phase == PHONE_PHASE_RETRIEVING ?
			DESKCALL_RETRIEVING : DESKCALL_RINGING;

	case CALL_STATE_ESTABLISHED:
		if (pc->phase == PHONE_PHASE_PARKING)
			return DESKCALL_PARKING;
		if (call_is_onhold(pc->call))
			return DESKCALL_HELD;
		if (pc->phase == PHONE_PHASE_RETRIEVING)
			return DESKCALL_RETRIEVING;
		return DESKCALL_ACTIVE;

	default:
		return pc->phase == PHONE_PHASE_RETRIEVING ?
			DESKCALL_RETRIEVING : DESKCALL_DIALING;
	}
}


static void emit(struct pcall *pc, enum deskcall_state state)
{
	struct call_fact *fact = &pc->fact;
	struct event ev = {.type = EVENT_CALL};

	if (state != fact->state) {
		const uint64_t now = clock_ms(pc->phone->clock);

		applog(APPLOG_INFO, "call: %u %s %s -> %s", fact->id,
		       fact->peer, deskcall_state_name(fact->state),
		       deskcall_state_name(state));

		fact->state = state;
		fact->since_ms = now;
	}

	if (pc->call) {
		const struct sdp_media *m;

		fact->held  = call_is_onhold(pc->call);
		fact->muted = audio_ismuted(call_audio(pc->call));
		m = stream_sdpmedia(audio_strm(call_audio(pc->call)));
		fact->held_remote = fact->answered_ms && m &&
			!(sdp_media_rdir(m) & SDP_RECVONLY);
	}

	ev.u.call = *fact;
	bus_emit(pc->phone->bus, &ev);
}


static void call_emit(struct pcall *pc)
{
	emit(pc, state_of(pc));
}


void phone_call_tell(struct pcall *pc, enum phone_call_event ev,
		     unsigned scode, const char *text)
{
	struct phone *phone = pc->phone;

	if (phone->callh)
		phone->callh(ev, pc->fact.id, scode, text ? text : "",
			     phone->callarg);
}


void phone_call_identity(struct pcall *pc, const struct identity *id,
			 unsigned scode)
{
	if (!id->number[0])
		return;

	if (!strcmp(pc->fact.peer, id->number) &&
	    !strcmp(pc->fact.name, id->name))
		return;

	applog(APPLOG_INFO, "call: %u is now \"%s\" %s", pc->fact.id,
	       id->name, id->number);

	str_ncpy(pc->fact.name, id->name, sizeof(pc->fact.name));
	str_ncpy(pc->fact.peer, id->number, sizeof(pc->fact.peer));

	call_emit(pc);
	phone_call_tell(pc, PHONE_CALL_IDENTITY, scode, pc->fact.peer);
}


static int pcall_alloc(struct pcall **pcp, struct phone *phone,
		       struct acct *acct, struct call *call, bool outgoing)
{
	struct pcall *pc;
	char dev[16];

	pc = mem_zalloc(sizeof(*pc), destructor);
	if (!pc)
		return ENOMEM;

	pc->phone = phone;
	pc->acct  = acct;
	pc->call  = call;
	pc->fact.id = phone->next_id++;
	pc->fact.account  = acct->pub.idx;
	pc->fact.outgoing = outgoing;

	list_append(&phone->calll, &pc->le, pc);

	/* a device of its own for each call: only so can one be put to the
	   background */
	(void)re_snprintf(dev, sizeof(dev), "call-%u", pc->fact.id);
	(void)audio_set_devicename(call_audio(call), dev, dev);

	call_set_handlers(call, call_event_handler, call_dtmf_handler, pc);

	*pcp = pc;

	return 0;
}


/* The call is over: say so once, then forget it */
static void close_pcall(struct pcall *pc, unsigned scode, const char *reason)
{
	const unsigned id = pc->fact.id;
	struct phone *phone = pc->phone;

	str_ncpy(pc->fact.reason, reason ? reason : "",
		 sizeof(pc->fact.reason));

	/* its REFER is not forgotten: a server may hang up first and say in a
	   NOTIFY afterwards how it went (RFC 5057 4.1) */
	if (pc->background)
		(void)phone_background(phone, id, false);

	/* whoever hears of it must not find the call any more */
	mem_ref(pc);
	list_unlink(&pc->le);
	emit(pc, DESKCALL_CLOSED);
	phone_call_tell(pc, PHONE_CALL_CLOSED, scode, pc->fact.reason);
	mem_deref(pc);
	mem_deref(pc);
}


static void call_event_handler(struct call *call, enum call_event ev,
			       const char *str, void *arg)
{
	struct pcall *pc = arg;

	switch (ev) {

	case CALL_EVENT_RINGING:
		pc->fact.early_media = false;
		call_emit(pc);
		break;

	case CALL_EVENT_PROGRESS:
		pc->fact.early_media = true;
		call_emit(pc);
		break;

	case CALL_EVENT_ESTABLISHED:
		/* what was resumed or given back while it rang */
		(void)phone_hold_active(pc->phone, pc->fact.id);
		pc->fact.answered_ms = clock_ms(pc->phone->clock);
		pc->rx_ms = pc->heard_ms = pc->fact.answered_ms;
		call_emit(pc);
		phone_call_tell(pc, PHONE_CALL_ESTABLISHED, 200, "");
		break;

	case CALL_EVENT_CLOSED:
		/* libre's word for a BYE */
		if (pc->fact.answered_ms && !call_scode(call) &&
		    !str_cmp(str, strerror(ECONNRESET)))
			str = "the other side hung up";
		close_pcall(pc, call_scode(call), str);
		break;

	/* REFER is ours alone (phone_refer.c), and nobody may transfer us */
	case CALL_EVENT_TRANSFER:
	case CALL_EVENT_TRANSFER_FAILED:
	case CALL_EVENT_ANSWERED:
	case CALL_EVENT_INCOMING:
	case CALL_EVENT_MENC:
		break;
	}
}


static void call_dtmf_handler(struct call *call, char key, void *arg)
{
	struct pcall *pc = arg;
	(void)call;

	if (key != KEYCODE_REL)
		applog(APPLOG_DEBUG, "call: %u sent us the key %c",
		       pc->fact.id, key);
}


static struct acct *acct_of(const struct phone *phone, const struct ua *ua)
{
	for (size_t i = 0; i < phone->acctc; i++) {
		if (phone->acctv[i]->ua == ua)
			return phone->acctv[i];
	}

	return NULL;
}


static void ua_event_handler(struct ua *ua, enum ua_event ev,
			     struct call *call, const char *prm, void *arg)
{
	struct phone *phone = arg;
	struct pcall *pc;
	struct acct *acct;
	const struct identity *id = &phone->invite;
	(void)prm;

	if (ev != UA_EVENT_CALL_INCOMING)
		return;

	acct = acct_of(phone, ua);
	if (!acct || pcall_alloc(&pc, phone, acct, call, false)) {
		call_hangup(call, 500, "Server Internal Error");
		mem_deref(call);
		return;
	}

	if (!str_cmp(call_id(call), phone->invite_callid)) {
		str_ncpy(pc->fact.name, id->name, sizeof(pc->fact.name));
		str_ncpy(pc->fact.peer, id->number, sizeof(pc->fact.peer));
		str_ncpy(pc->fact.referred_by, id->referred_by,
			 sizeof(pc->fact.referred_by));
	}

	/* from anyone: the server knows nothing of it */
	pc->elsewhere = phone->requests_any;

	call_emit(pc);

	if (acct->auto_answer)
		(void)phone_answer(phone, pc->fact.id);
}


static void rtcp_handler(const struct stream *strm, void *arg)
{
	struct phone *phone = arg;
	struct le *le;

	for (le = phone->calll.head; le; le = le->next) {

		struct pcall *pc = le->data;

		if (audio_strm(call_audio(pc->call)) == strm)
			++pc->rx_rtcp;
	}
}


/* Both sides should send, and a watch is on */
static bool watched(const struct pcall *pc, uint32_t limit_s)
{
	const struct stream *strm = audio_strm(call_audio(pc->call));

	return limit_s && pc->phase != PHONE_PHASE_PARKING &&
		(!pc->background || pc->rx_limit_s) &&
		call_state(pc->call) == CALL_STATE_ESTABLISHED &&
		sdp_media_dir(stream_sdpmedia(strm)) == SDP_SENDRECV;
}


/*
 * On hold silence means nothing, and a caller who waits there is not ended
 * as long as his PBX says anything at all. But with a PBX that is dead for
 * so long, and nothing from the far end itself, nobody is there any more.
 */
static bool held_dead(const struct pcall *pc, uint64_t now)
{
	const uint64_t limit_ms = 1000ull * HELD_FACTOR *
		pc->phone->rtp_timeout_s;

	return limit_ms && pc->fact.state == DESKCALL_HELD &&
		!pc->elsewhere && pc->acct->silent_ms &&
		now > pc->acct->silent_ms + limit_ms &&
		now > pc->heard_ms + limit_ms;
}


static void end_dead(struct pcall *pc, const char *fmt, uint32_t limit_s)
{
	char reason[REASON_SZ];

	(void)re_snprintf(reason, sizeof(reason), fmt, limit_s);
	call_hangup(pc->call, 0, NULL);
	close_pcall(pc, 0, reason);
}


/*
 * baresip's own watch counts the time of a hold as silence, and would end a
 * held call at the moment it is resumed. So count packets ourselves: only
 * while both sides should send, and from the last one that came, or the
 * answer. A far end that suppresses silence still sends RTCP. A park has
 * limits of its own: a server that is silent meanwhile must not cost the
 * caller.
 */
static void rtp_handler(void *arg)
{
	struct phone *phone = arg;
	const uint64_t now = clock_ms(phone->clock);
	struct le *le = phone->calll.head;

	tmr_start(&phone->tmr_rtp, 1000, rtp_handler, phone);

	while (le) {
		struct pcall *pc = le->data;
		const uint32_t limit_s = pc->rx_limit_s ? pc->rx_limit_s :
			phone->rtp_timeout_s;
		const uint32_t n = stream_metric_get_rx_n_packets(
			audio_strm(call_audio(pc->call)));
		const bool heard = n != pc->rx_packets;
		const bool told = pc->rx_rtcp != pc->rx_rtcp_seen;

		le = le->next;

		/* looked at in the background, and somebody is there: he is
		   not to wait unseen */
		if (pc->rx_limit_s && heard &&
		    now > pc->watch_ms + 2000ull * pc->rx_limit_s) {
			pc->rx_limit_s = 0;
			if (pc->background) {
				(void)phone_background(phone, pc->fact.id,
						       false);
				(void)phone_hold(phone, pc->fact.id, true);
			}
		}

		pc->rx_packets = n;
		pc->rx_rtcp_seen = pc->rx_rtcp;
		if (heard || told)
			pc->heard_ms = now;

		/* a leg that is looked at may be the PBX's alone, whose RTCP
		   tells nothing of a caller */
		if (heard || (told && !pc->rx_limit_s) ||
		    !watched(pc, limit_s))
			pc->rx_ms = now;

		/* the list has changed: next second */
		if (now - pc->rx_ms > 1000ull * limit_s) {
			end_dead(pc, "nothing heard from the far end for"
				 " %u s", limit_s);
			break;
		}

		if (held_dead(pc, now)) {
			end_dead(pc, "on hold, and the PBX is dead for %u s",
				 HELD_FACTOR * phone->rtp_timeout_s);
			break;
		}
	}
}


int phone_call_init(struct phone *phone)
{
	tmr_start(&phone->tmr_rtp, 1000, rtp_handler, phone);
	phone_wrap_rtcp(rtcp_handler, phone);

	return uag_event_register(ua_event_handler, phone);
}


void phone_call_close(struct phone *phone)
{
	uag_event_unregister(ua_event_handler);
	phone_wrap_rtcp(NULL, NULL);
	tmr_cancel(&phone->tmr_rtp);

	while (phone->calll.head) {

		struct pcall *pc = phone->calll.head->data;

		call_hangup(pc->call, 480, "Temporarily Unavailable");
		close_pcall(pc, 0, "the phone was quit");
	}
}


void phone_set_call_handler(struct phone *phone, phone_call_h *h, void *arg)
{
	if (!phone)
		return;

	phone->callh = h;
	phone->callarg = arg;
}


void phone_set_wanted_handler(struct phone *phone, phone_wanted_h *h,
			      void *arg)
{
	if (!phone)
		return;

	phone->wantedh = h;
	phone->wantedarg = arg;
}


unsigned phone_hold_active(struct phone *phone, unsigned except)
{
	struct le *le;
	unsigned id = 0;

	for (le = phone ? phone->calll.head : NULL; le; le = le->next) {

		struct pcall *pc = le->data;

		if (pc->fact.id == except || pc->background ||
		    call_state(pc->call) != CALL_STATE_ESTABLISHED ||
		    call_is_onhold(pc->call))
			continue;

		/* a re-INVITE would cross the REFER: only the ear is taken */
		if (pc->phase == PHONE_PHASE_PARKING) {
			(void)phone_background(phone, pc->fact.id, true);
			continue;
		}

		if (!phone_hold(phone, pc->fact.id, true))
			id = pc->fact.id;
	}

	return id;
}


/* They come out of a document: nothing in them may end the header or begin
   a parameter (RFC 3891 6.1) */
static bool plain(const char *s)
{
	return str_isset(s) &&
		!s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			  "-.!%*_+`'~@:/")];
}


/* ua_connect_dir() takes headers from the account only */
static int connect_replacing(struct ua *ua, struct call **callp,
			     const char *uri,
			     const struct phone_replaces *r)
{
	struct sip_hdr hdrv[2] = {
		{.name = PL("Replaces")}, {.name = PL("Require")}
	};
	struct list hdrl = LIST_INIT;
	char value[1024];
	int err;

	if (!r)
		return ua_connect_dir(ua, callp, NULL, uri, VIDMODE_OFF,
				      SDP_SENDRECV, SDP_INACTIVE);

	if (!plain(r->call_id) || !plain(r->to_tag) || !plain(r->from_tag))
		return EINVAL;

	if (re_snprintf(value, sizeof(value), "%s;to-tag=%s;from-tag=%s",
			r->call_id, r->to_tag, r->from_tag) < 0)
		return ENOMEM;

	pl_set_str(&hdrv[0].val, value);
	pl_set_str(&hdrv[1].val, "replaces");
	list_append(&hdrl, &hdrv[0].le, &hdrv[0]);
	list_append(&hdrl, &hdrv[1].le, &hdrv[1]);

	err = ua_set_custom_hdrs(ua, &hdrl);
	if (!err)
		err = ua_connect_dir(ua, callp, NULL, uri, VIDMODE_OFF,
				     SDP_SENDRECV, SDP_INACTIVE);
	(void)ua_set_custom_hdrs(ua, NULL);

	return err;
}


bool phone_full(const struct phone *phone)
{
	return phone && list_count(&phone->calll) >= phone->max_calls;
}


int phone_dial(struct phone *phone, unsigned account, const char *where,
	       unsigned *idp, char *errbuf, size_t errsz)
{
	return phone_dial_replaces(phone, account, where, NULL, idp, errbuf,
				   errsz);
}


int phone_dial_replaces(struct phone *phone, unsigned account,
			const char *where,
			const struct phone_replaces *replaces,
			unsigned *idp, char *errbuf, size_t errsz)
{
	const struct phone_account *acc = phone_account(phone, account);
	struct call *call;
	struct pcall *pc;
	struct acct *acct;
	char uri[512];
	unsigned held;
	struct uri u;
	struct pl pl;
	int err;

	if (!where || !errbuf)
		return EINVAL;

	if (!phone || !phone->up) {
		(void)re_snprintf(errbuf, errsz, "the phone is not running");
		return ENOTCONN;
	}

	if (!acc) {
		(void)re_snprintf(errbuf, errsz, "no account: an `account`"
				  " line is needed in the configuration");
		return ENOENT;
	}

	/* each call would be one more wrong password, and servers ban for it */
	if (acc->refused) {
		(void)re_snprintf(errbuf, errsz, "not registered: the password"
				  " of %s is refused; correct it, then"
				  " :reload", acc->aor);
		return EACCES;
	}

	err = phone_uri(uri, sizeof(uri), acc, where);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "'%b' cannot be dialled: a"
				  " number, user@host or a sip: address was"
				  " expected", where,
				  min(str_len(where), (size_t)48));
		return err;
	}

	if (list_count(&phone->calll) >= CALLS_MAX) {
		(void)re_snprintf(errbuf, errsz, "%u calls are up already,"
				  " hang one up first", CALLS_MAX);
		return EBUSY;
	}

	acct = acc->p;
	held = phone_hold_active(phone, 0);

	/* baresip appends the account's transport itself: hand the address
	   over without it, or it would stand there twice */
	pl_set_str(&pl, uri);
	if (!uri_decode(&u, &pl) && str_isset(acc->params) &&
	    !pl_isset(&u.headers) && !pl_strcmp(&u.params, acc->params))
		uri[str_len(uri) - str_len(acc->params)] = '\0';

	err = connect_replacing(acct->ua, &call, uri, replaces);
	if (err) {
		(void)re_snprintf(errbuf, errsz, "cannot call %s: %m", where,
				  err);
		goto out;
	}

	err = pcall_alloc(&pc, phone, acct, call, true);
	if (err) {
		mem_deref(call);
		goto out;
	}

	pc->elsewhere = strchr(where, '@') != NULL;
	(void)uchar_clean(pc->fact.peer, sizeof(pc->fact.peer), where,
			  str_len(where));

	if (idp)
		*idp = pc->fact.id;

	call_emit(pc);

 out:
	if (err && held)
		(void)phone_hold(phone, held, false);

	return err;
}


int phone_answer(struct phone *phone, unsigned id)
{
	struct pcall *pc = phone_pcall(phone, id);
	int err;

	if (!pc)
		return ENOENT;

	if (call_state(pc->call) != CALL_STATE_INCOMING)
		return EALREADY;

	(void)phone_hold_active(phone, id);

	err = call_answer(pc->call, 200, VIDMODE_OFF);
	if (err)
		applog(APPLOG_WARN, "call: %u cannot be answered: %m", id,
		       err);

	return err;
}


int phone_hangup(struct phone *phone, unsigned id, unsigned scode)
{
	struct pcall *pc = phone_pcall(phone, id);

	if (!pc)
		return ENOENT;

	call_hangup(pc->call, scode ? (uint16_t)scode : 486, "Busy Here");
	close_pcall(pc, 0, "");

	return 0;
}


int phone_hold(struct phone *phone, unsigned id, bool hold)
{
	struct pcall *pc = phone_pcall(phone, id);
	int err;

	if (!pc)
		return ENOENT;

	if (call_state(pc->call) != CALL_STATE_ESTABLISHED)
		return ENOTCONN;

	if (call_is_onhold(pc->call) == hold)
		return 0;

	if (!hold)
		(void)phone_hold_active(phone, id);

	err = call_hold(pc->call, hold);
	if (err)
		return err;

	pc->hold_asked = hold;
	pc->rx_ms = clock_ms(phone->clock);
	call_emit(pc);

	return 0;
}


int phone_mute(struct phone *phone, unsigned id, bool mute)
{
	struct pcall *pc = phone_pcall(phone, id);

	if (!pc)
		return ENOENT;

	audio_mute(call_audio(pc->call), mute);
	call_emit(pc);

	return 0;
}


static void dtmf_handler(void *arg)
{
	struct pcall *pc = arg;

	if (pc->dtmf_down) {
		(void)call_send_digit(pc->call, KEYCODE_REL);
		pc->dtmf_down = false;
		tmr_start(&pc->tmr_dtmf, DTMF_GAP_MS, dtmf_handler, pc);
		return;
	}

	if (!pc->dtmfc)
		return;

	(void)call_send_digit(pc->call, pc->dtmfv[0]);
	memmove(pc->dtmfv, pc->dtmfv + 1, --pc->dtmfc);
	pc->dtmf_down = true;
	tmr_start(&pc->tmr_dtmf, DTMF_ON_MS, dtmf_handler, pc);
}


int phone_dtmf(struct phone *phone, unsigned id, const char *keys)
{
	struct pcall *pc = phone_pcall(phone, id);
	const size_t n = str_len(keys);

	if (!pc)
		return ENOENT;

	if (!pc->fact.answered_ms && !pc->fact.early_media)
		return ENOTCONN;

	if (!n)
		return EINVAL;

	for (size_t i = 0; i < n; i++) {
		if (!strchr("0123456789*#abcdABCD", keys[i]))
			return EINVAL;
	}

	if (pc->dtmfc + n > sizeof(pc->dtmfv))
		return ENOMEM;

	for (size_t i = 0; i < n; i++)
		pc->dtmfv[pc->dtmfc++] = (char)toupper(keys[i]);

	if (!tmr_isrunning(&pc->tmr_dtmf))
		dtmf_handler(pc);

	return 0;
}


int phone_background(struct phone *phone, unsigned id, bool on)
{
	struct pcall *pc = phone_pcall(phone, id);
	char dev[16];

	if (!pc)
		return ENOENT;

	pc->background = on;
	(void)re_snprintf(dev, sizeof(dev), "call-%u", id);
	if (phone->backgroundh)
		phone->backgroundh(dev, on);

	return 0;
}


uint32_t phone_heard(const struct phone *phone, unsigned id)
{
	const struct pcall *pc = phone_pcall(phone, id);

	return pc ? stream_metric_get_rx_n_packets(
		audio_strm(call_audio(pc->call))) : 0;
}


int phone_watch(struct phone *phone, unsigned id, uint32_t timeout_s)
{
	struct pcall *pc = phone_pcall(phone, id);

	if (!pc)
		return ENOENT;

	pc->rx_limit_s = timeout_s;
	pc->rx_ms = pc->watch_ms = clock_ms(phone->clock);

	return 0;
}


int phone_set_phase(struct phone *phone, unsigned id,
		    enum phone_phase phase, const char *spot)
{
	struct pcall *pc = phone_pcall(phone, id);

	if (!pc)
		return ENOENT;

	pc->phase = phase;
	if (spot)
		str_ncpy(pc->fact.spot, spot, sizeof(pc->fact.spot));
	call_emit(pc);

	return 0;
}


int phone_set_peer(struct phone *phone, unsigned id, const char *name,
		   const char *number)
{
	struct pcall *pc = phone_pcall(phone, id);

	if (!pc)
		return ENOENT;

	str_ncpy(pc->fact.name, name ? name : "", sizeof(pc->fact.name));
	str_ncpy(pc->fact.peer, number ? number : "", sizeof(pc->fact.peer));
	call_emit(pc);

	return 0;
}


const struct call_fact *phone_call(const struct phone *phone, unsigned id)
{
	const struct pcall *pc = phone_pcall(phone, id);

	return pc ? &pc->fact : NULL;
}


const struct call_fact *phone_first(const struct phone *phone,
				    enum deskcall_state state)
{
	struct le *le;

	for (le = phone ? phone->calll.head : NULL; le; le = le->next) {

		const struct pcall *pc = le->data;

		if (!pc->background &&
		    (pc->fact.state == state || state == DESKCALL_NONE))
			return &pc->fact;
	}

	return NULL;
}


const struct call_fact *phone_active(const struct phone *phone)
{
	return phone_first(phone, DESKCALL_ACTIVE);
}
