/**
 * @file app/cfg_options.c  The tables of the configuration: our options, the
 *                          parameters of an account, baresip's own keys
 *
 * The help texts are what `parkdeck` prints and the manual is made from.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "app/cfg.h"

static const struct cfg_option optionv[] = {

	/* the PBX */
	{"pbx", CFG_TEXT, "", 0, 0, NULL,
	 "The profile: which PBX this is and so how it parks, retrieves and "
	 "names its spots; the lines below override it. `parkdeck profiles` "
	 "lists them."},
	{"lot", CFG_DEST, "", 0, 0, NULL,
	 "The number that lets the PBX choose the spot, such as 700. Put a "
	 "number that begins with # in quotes."},
	{"park", CFG_TEMPLATE, "", 0, 0, NULL,
	 "Where a call goes to be parked at one spot, such as *{spot}. {spot} "
	 "stands for the spot's number, {ext} for one's own extension. Empty: "
	 "what the profile says."},
	{"retrieve", CFG_TEMPLATE, "", 0, 0, NULL,
	 "What is dialled to take a call from a spot, such as {spot} or "
	 "*88{spot}. Empty: what the profile says."},
	{"watch", CFG_TEMPLATE, "", 0, 0, NULL,
	 "What is subscribed to for a spot's lamp, such as {spot} or "
	 "park+{spot}. Empty: what the profile says."},
	{"group", CFG_DEST, "", 0, 0, NULL,
	 "Where a call goes to be parked for one's group, such as *58. Empty: "
	 "what the profile says."},
	{"pickup", CFG_TEMPLATE, "", 0, 0, NULL,
	 "What is dialled to take a call that rings at a colleague's, such as "
	 "**{ext}. Empty: what the profile says."},
	{"voicemail", CFG_TEMPLATE, "", 0, 0, NULL,
	 "A colleague's voicemail, such as *{ext}. Empty: what the profile "
	 "says."},
	{"hold", CFG_CHOICE, "profile", 0, 0, "profile|yes|no",
	 "Whether a call is put on hold before it is parked."},
	{"several", CFG_CHOICE, "profile", 0, 0, "profile|yes|no",
	 "Whether a spot takes more than one call. With no, none is sent to a "
	 "spot that is taken."},
	{"states", CFG_CHOICE, "profile", 0, 0,
	 "profile|both|early|confirmed|any",
	 "Which states of a spot's dialog mean that a call waits there: early "
	 "or confirmed (both), one of them, or any dialog at all."},
	{"unsolicited_dialog", CFG_BOOL, "no", 0, 0, NULL,
	 "Whether the server may tell a lamp's state without being asked, as "
	 "some PBXs do. Only the server that we are registered with may."},
	{"expires", CFG_U32, "300", 60, 86400, NULL,
	 "For how many seconds a lamp is subscribed before it is renewed. If "
	 "the PBX's last word gets lost, the lamp is wrong for so long at "
	 "most."},
	{"recall_time", CFG_U32, "0", 0, 86400, NULL,
	 "After how many seconds the PBX gives a parked call back. The phone "
	 "warns before and asks anew after. 0: what the profile says."},
	{"announce", CFG_U32, "8", 0, 60, NULL,
	 "For how many seconds the line stays open after a call was parked "
	 "on the lot, so that the PBX can speak the number of the spot. As "
	 "long as it is not set, only where the profile says that it does."},

	/* calls */
	{"digits", CFG_CHOICE, "spots", 0, 0, "spots|phone",
	 "What a digit does during a call. spots: a lone digit is a spot key "
	 "and the keypad is opened with k. phone: digits are tones in every "
	 "call."},
	{"colleague", CFG_CHOICE, "attended", 0, 0, "attended|blind",
	 "How the key of a colleague's lamp transfers the call in hand: "
	 "attended, after a word with the colleague, or blind, at once."},
	{"max_calls", CFG_U32, "16", 1, CALLS_MAX - CALLS_SPARE, NULL,
	 "Calls at once, those on hold among them. One more that comes in "
	 "hears busy, unless it is a call that we parked and that the PBX "
	 "gives back."},
	{"rtp_timeout", CFG_U32, "60", 0, 86400, NULL,
	 "A call that hears nothing from the other side for so many seconds, "
	 "and is not on hold, is taken for dead and ended. One on hold is "
	 "ended when its server has said nothing at all for ten times as "
	 "long. 0: never."},
	{"requests", CFG_CHOICE, "registrar", 0, 0, "registrar|any",
	 "Whose calls and messages are taken. registrar: only those of the "
	 "server that we are registered with. any: everyone's, also ghost "
	 "calls."},

	/* sound */
	{"audio_source", CFG_TEXT, "portaudio", 0, 0, NULL,
	 "The microphone: portaudio for the system's own choice, "
	 "portaudio,NAME for a device whose name has NAME in it, none for "
	 "silence, wav,FILE or tone,HZ for tests."},
	{"audio_player", CFG_TEXT, "portaudio", 0, 0, NULL,
	 "The speaker: portaudio, portaudio,NAME, none, or wav,FILE to write "
	 "what is heard."},
	{"ringtone", CFG_BOOL, "yes", 0, 0, NULL,
	 "Ring through the speaker when a call comes in."},
	{"bell", CFG_BOOL, "yes", 0, 0, NULL,
	 "Ring the terminal's bell when a call comes in, which most terminals "
	 "and tmux also show as an alert."},
	{"reminder", CFG_U32, "60", 0, 86400, NULL,
	 "While a parked call waits, say so and ring the bell every so many "
	 "seconds, but not in a call; 0: never."},
	{"reminder_of", CFG_CHOICE, "mine", 0, 0, "mine|all",
	 "Which parked calls the reminder is about: those that one parked "
	 "oneself, or all."},

	/* screen */
	{"colour", CFG_CHOICE, "auto", 0, 0, "auto|yes|no",
	 "Colours on the screen. auto: if the terminal has them and NO_COLOR "
	 "is not set."},
	{"ascii", CFG_BOOL, "no", 0, 0, NULL,
	 "Draw with nothing but ASCII characters."},
	{"mouse", CFG_BOOL, "yes", 0, 0, NULL,
	 "Take clicks and the wheel. no: the terminal's own selection works "
	 "without Shift."},

	/* network */
	{"net_interface", CFG_TEXT, "", 0, 0, NULL,
	 "The network interface, or the own address, that is used. Empty: "
	 "the one with the route to the first account's server."},
	{"tls_verify", CFG_BOOL, "yes", 0, 0, NULL,
	 "Check the server's certificate on transport=tls. With no, anyone on "
	 "the way can be the server and read the password."},
	{"tls_ca", CFG_TEXT, "", 0, 0, NULL,
	 "File with the certificates (PEM) that the server's is checked "
	 "against. Empty: those that the system trusts."},

	/* log */
	{"log_level", CFG_CHOICE, "info", 0, 0, "debug|info|warn|error",
	 "What the log holds: this and what is worse."},
	{"log_file", CFG_TEXT, "", 0, 0, NULL,
	 "The log. Empty: parkdeck/log in the folder of the user's state "
	 "($XDG_STATE_HOME, else ~/.local/state)."},
	{"sip_trace", CFG_BOOL, "no", 0, 0, NULL,
	 "Write every SIP message to the log. It then holds who called whom; "
	 "passwords are never sent in clear."},

	{NULL, CFG_TEXT, NULL, 0, 0, NULL, NULL}
};

static const struct cfg_option linev[] = {
	{"account", CFG_TEXT, "", 0, 0, NULL,
	 "One SIP account: <sip:101@pbx.example.com;transport=tls>;"
	 "auth_pass=secret, with a \"Display name\" before it if wanted. The "
	 "first account is the one that dials unless a lamp names another."},
	{"spots", CFG_TEXT, "", 0, 0, NULL,
	 "Park spots by the range: 701-720, *5901-*5910, 701-705,711. "
	 "Leading zeros are kept. ;watch= ;park= ;retrieve= ;account= hold "
	 "for all of them."},
	{"spot", CFG_TEXT, "", 0, 0, NULL,
	 "One park spot: *5921;label=\"Front desk\";watch=park+*5921;"
	 "park=*5921;retrieve=*5921;account=102. After a range that holds "
	 "the number it refines that lamp."},
	{"lamp", CFG_TEXT, "", 0, 0, NULL,
	 "A colleague's extension in the same grid: 102;label=\"Anna\", also "
	 "with ;watch=, ;account= and ;retrieve=, which is dialled to pick up "
	 "a call that rings there."},
	{"list", CFG_TEXT, "", 0, 0, NULL,
	 "A list of the server's that lamps grow from by themselves, with one "
	 "subscription for all: parking-all or sip:parking-all@pbx, with "
	 ";kind=spot (or extension), ;label= and ;account=. A spot or lamp "
	 "with a line of its own keeps that line's words."},
	{"key", CFG_TEXT, "", 0, 0, NULL,
	 "Other keys for an action: key park p Ctrl-P. The help (?) names the "
	 "actions' keys; an action keeps only those that its last line says."},
	{"include", CFG_TEXT, "", 0, 0, NULL,
	 "Another file with such lines; its path counts from the file that "
	 "names it."},

	{NULL, CFG_TEXT, NULL, 0, 0, NULL, NULL}
};

static const struct cfg_option paramv[] = {
	{"auth_user", CFG_TEXT, "", 0, 0, NULL,
	 "User name for the password, if it is not that of the address."},
	{"auth_pass", CFG_TEXT, "", 0, 0, NULL,
	 "The password. The file must then be yours alone (chmod 600)."},
	{"auth_pass_cmd", CFG_TEXT, "", 0, 0, NULL,
	 "A command that prints the password, such as \"pass show sip\"."},
	{"outbound", CFG_TEXT, "", 0, 0, NULL,
	 "Proxy that all requests go through, in quotes: "
	 "\"sip:proxy.example.com;lr\"."},
	{"outbound1", CFG_TEXT, "", 0, 0, NULL, "The same as outbound."},
	{"regint", CFG_U32, "300", 0, 300, NULL,
	 "Seconds between registrations; 0: do not register. More than 300 is "
	 "not taken: a server that restarted would not know us for so long."},
	{"answermode", CFG_CHOICE, "manual", 0, 0, "manual|early|auto",
	 "How a call is answered: by key, with early media, or by itself."},
	{"answerdelay", CFG_U32, "0", 0, 3600000, NULL,
	 "Milliseconds before a call is answered by itself."},
	{"dtmfmode", CFG_CHOICE, "rtpevent", 0, 0, "rtpevent|info",
	 "How keypad tones are sent."},
	{"audio_codecs", CFG_CODECS, "", 0, 0, NULL,
	 "Codecs in order of preference: opus,g722,pcmu,pcma or some of "
	 "them."},
	{"mediaenc", CFG_CHOICE, "", 0, 0,
	 "srtp|srtp-mand|srtp-mandf|dtls_srtp",
	 "Encryption of the sound."},
	{"medianat", CFG_CHOICE, "", 0, 0, "stun|turn|ice",
	 "How sound gets through NAT."},
	{"ptime", CFG_U32, "20", 10, 60, NULL,
	 "Milliseconds of sound in one packet."},
	{"stunserver", CFG_TEXT, "", 0, 0, NULL,
	 "STUN or TURN server, such as stun:stun.example.com."},
	{"stunuser", CFG_TEXT, "", 0, 0, NULL, "User name at that server."},
	{"stunpass", CFG_TEXT, "", 0, 0, NULL, "Password at that server."},

	{NULL, CFG_TEXT, NULL, 0, 0, NULL, NULL}
};

/* What config_parse_conf() of baresip 1.1 reads, and the codecs' own keys,
   without those of which parkdeck decides itself, see decidedv in cfg.c */
static const struct cfg_foreign foreignv[] = {
	{"sip_listen", CFG_TEXT, false, NULL, NULL},
	{"sip_certificate", CFG_TEXT, false, NULL, NULL},
	{"sip_cafile", CFG_TEXT, false, NULL, "tls_ca"},
	{"sip_capath", CFG_TEXT, false, NULL, NULL},
	{"sip_verify_server", CFG_BOOL, false, NULL, "tls_verify"},
	{"sip_trans_def", CFG_CHOICE, false, "udp|tcp|tls|ws|wss", NULL},

	{"call_local_timeout", CFG_U32, false, NULL, NULL},
	{"call_max_calls", CFG_U32, false, NULL, "max_calls"},

	{"audio_level", CFG_BOOL, false, NULL, NULL},
	{"audio_buffer", CFG_RANGE, false, NULL, NULL},
	{"ausrc_format", CFG_CHOICE, false, "s16|float|s24_3le", NULL},
	{"auplay_format", CFG_CHOICE, false, "s16|float|s24_3le", NULL},
	{"auenc_format", CFG_CHOICE, false, "s16|float|s24_3le", NULL},
	{"audec_format", CFG_CHOICE, false, "s16|float|s24_3le", NULL},

	{"rtp_tos", CFG_U32, false, NULL, NULL},
	{"rtp_ports", CFG_RANGE, false, NULL, NULL},
	{"rtp_bandwidth", CFG_RANGE, false, NULL, NULL},
	{"rtp_stats", CFG_BOOL, false, NULL, NULL},
	{"rtcp_mux", CFG_BOOL, false, NULL, NULL},
	{"jitter_buffer_delay", CFG_RANGE, false, NULL, NULL},

	{"dns_server", CFG_TEXT, true, NULL, NULL},
	{"dns_fallback", CFG_TEXT, true, NULL, NULL},

	{"opus_bitrate", CFG_U32, false, NULL, NULL},
	{"opus_stereo", CFG_BOOL, false, NULL, NULL},
	{"opus_sprop_stereo", CFG_BOOL, false, NULL, NULL},
	{"opus_cbr", CFG_BOOL, false, NULL, NULL},
	{"opus_inbandfec", CFG_BOOL, false, NULL, NULL},
	{"opus_dtx", CFG_BOOL, false, NULL, NULL},
	{"opus_mirror", CFG_BOOL, false, NULL, NULL},
	{"opus_complexity", CFG_U32, false, NULL, NULL},
	{"opus_application", CFG_CHOICE, false, "audio|voip", NULL},
	{"opus_samplerate", CFG_U32, false, NULL, NULL},
	{"opus_packet_loss", CFG_U32, false, NULL, NULL},

	{NULL, CFG_TEXT, false, NULL, NULL}
};


const struct cfg_option *cfg_options(void)
{
	return optionv;
}


const struct cfg_option *cfg_lines(void)
{
	return linev;
}


const struct cfg_option *cfg_account_params(void)
{
	return paramv;
}


const struct cfg_foreign *cfg_foreign(void)
{
	return foreignv;
}


const struct cfg_option *cfg_option_find(const char *key)
{
	const struct cfg_option *opt;

	for (opt = optionv; key && opt->key; opt++) {

		if (!strcmp(opt->key, key))
			return opt;
	}

	return NULL;
}


/* @return Digits eaten; 0: no number, or one beyond 32 bits */
static size_t number(uint32_t *num, const char *p)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; p[i] >= '0' && p[i] <= '9'; i++) {

		n = n * 10 + (uint64_t)(p[i] - '0');
		if (n > UINT32_MAX)
			return 0;
	}

	*num = (uint32_t)n;

	return i;
}


static bool one_of(const char *choices, const char *val)
{
	const size_t len = strlen(val);
	const char *p = choices;

	while (len && p && *p) {

		const size_t l = strcspn(p, "|");

		if (l == len && !strncmp(p, val, len))
			return true;

		p += l + (p[l] == '|');
	}

	return false;
}


/* "a|b|c" as "a, b or c" */
static void choices_text(char *buf, size_t size, const char *choices)
{
	size_t pos = 0;
	const char *p;

	for (p = choices; *p && pos + 5 < size; p++) {

		if (*p != '|') {
			buf[pos++] = *p;
		}
		else if (strchr(p + 1, '|')) {
			buf[pos++] = ',';
			buf[pos++] = ' ';
		}
		else {
			memcpy(buf + pos, " or ", 4);
			pos += 4;
		}
	}

	buf[pos] = '\0';
}


static bool truth(bool *valp, const char *val)
{
	static const char *const yesv[] = {"yes", "on", "true", "1"};
	static const char *const nov[] = {"no", "off", "false", "0"};
	size_t i;

	for (i = 0; i < sizeof(yesv) / sizeof(yesv[0]); i++) {

		if (!strcasecmp(val, yesv[i]) || !strcasecmp(val, nov[i])) {
			*valp = !strcasecmp(val, yesv[i]);
			return true;
		}
	}

	return false;
}


/*
 * Those that are linked in (app/phone_modules.c). baresip takes a name
 * without a rate for one of 8000 Hz, and leaves out what it then does not
 * find: it is given the whole names.
 */
static const char *codec_whole(const char *name, size_t len)
{
	static const char *const wholev[] = {
		"opus/48000/2", "g722/16000/1", "pcmu/8000/1", "pcma/8000/1",
	};
	size_t i;

	for (i = 0; i < sizeof(wholev) / sizeof(wholev[0]); i++) {

		const char end = wholev[i][len < strlen(wholev[i]) ? len : 0];

		if (len && !strncasecmp(wholev[i], name, len) &&
		    (end == '/' || len == strlen(wholev[i])))
			return wholev[i];
	}

	return NULL;
}


static bool codecs_whole(char *val, size_t size)
{
	const char *p = val;
	char buf[256];
	size_t pos = 0;

	for (;;) {
		const size_t len = strcspn(p, ",");
		const char *whole = codec_whole(p, len);
		const int n = whole ? snprintf(buf + pos, sizeof(buf) - pos,
					       "%s%s", pos ? "," : "",
					       whole) : -1;

		if (n < 0 || (size_t)n >= sizeof(buf) - pos)
			return false;
		pos += (size_t)n;

		if (!p[len])
			break;
		p += len + 1;
	}

	return snprintf(val, size, "%s", buf) < (int)size;
}


/* A number, a name or an address; no blank is part of any */
static bool dest_ok(const char *val)
{
	for (; *val; val++) {

		if ((unsigned char)*val <= ' ' || *val == 0x7f ||
		    strchr("<>\"\\", *val))
			return false;
	}

	return true;
}


int cfg_option_check(const struct cfg_option *opt, char *val, size_t size,
		     char *err, size_t errsz)
{
	uint32_t a = 0, b = 0;
	const char *fault;
	char list[128];
	size_t n;
	bool yes;

	if (!opt || !val || !err || !errsz)
		return EINVAL;

	err[0] = '\0';

	switch (opt->type) {

	case CFG_TEXT:
		break;

	case CFG_U32:
		n = number(&a, val);
		if (n && !val[n] && a >= opt->min &&
		    (!opt->max || a <= opt->max))
			break;

		if (opt->max)
			(void)snprintf(err, errsz, "a number from %u to %u is"
				       " expected", opt->min, opt->max);
		else
			(void)snprintf(err, errsz, "a number is expected");
		return EINVAL;

	case CFG_BOOL:
		if (truth(&yes, val)) {
			(void)snprintf(val, size, "%s", yes ? "yes" : "no");
			break;
		}

		(void)snprintf(err, errsz, "yes or no is expected");
		return EINVAL;

	case CFG_CHOICE:
		if (one_of(opt->choices, val))
			break;

		choices_text(list, sizeof(list), opt->choices);
		(void)snprintf(err, errsz, "%s is expected", list);
		return EINVAL;

	case CFG_TEMPLATE:
		fault = cfg_template_fault(val);
		if (!fault)
			break;

		(void)snprintf(err, errsz, "%s", fault);
		return EINVAL;

	case CFG_RANGE:
		n = number(&a, val);
		if (n && val[n] == '-') {
			const char *p = val + n + 1;

			n = number(&b, p);
			if (n && !p[n] && a <= b && b)
				break;
		}

		(void)snprintf(err, errsz, "two numbers MIN-MAX are expected,"
			       " such as 10000-20000");
		return EINVAL;

	case CFG_DEST:
		if (dest_ok(val))
			break;

		(void)snprintf(err, errsz, "a number or an address without"
			       " blanks is expected, such as 700");
		return EINVAL;

	case CFG_CODECS:
		if (codecs_whole(val, size))
			break;

		(void)snprintf(err, errsz, "some of opus, g722, pcmu and pcma"
			       " are expected, commas between");
		return EINVAL;
	}

	return 0;
}
