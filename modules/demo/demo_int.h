/**
 * @file modules/demo/demo_int.h  The built-in PBX, seen from inside
 *
 *   demo.c            start, triggers, scripts, life
 *   demo_core_sip.c   stack, messages out, faults, jobs
 *   demo_auth_sip.c   digest and registrar
 *   demo_lamp_sip.c   notifier
 *   demo_leg_sip.c    INVITE dialogs and sipfrags
 *   demo_media_sip.c  RTP
 *   demo_told_sip.c   who is told of a call parked for him
 *   demo_switch_sip.c who is put through to whom
 */
#ifndef PARKDECK_DEMO_INT_H
#define PARKDECK_DEMO_INT_H

#include <re.h>
#include "modules/demo/demo.h"
#include "modules/demo/demo_info_model.h"
#include "modules/demo/demo_sdp_model.h"
#include "modules/demo/demo_tone_model.h"

enum {
	DEMO_BINDINGS_MAX = 8,   /**< Of one extension                   */
	DEMO_SUBS_MAX = 30000,
	DEMO_LEGS_MAX = 256,
	DEMO_TAG_SZ = 20,
};

typedef void (demo_job_h)(void *arg);

/** A dialog, or half of one */
struct demo_dlg {
	char *callid;
	char *ltag;
	char *rtag;              /**< NULL until known                   */
	char *local;             /**< Address without tag                */
	char *remote;
	char *target;            /**< Request-URI                        */
	struct sa dst;           /**< Where it is reached                */
	enum sip_transp tp;
	uint32_t lseq;
	int64_t rseq;            /**< -1: nothing heard yet              */
};

struct demo_binding {
	struct le le;
	char *uri;
	struct sa src;
	enum sip_transp tp;
	uint64_t due_ms;
};

struct demo_ext {
	struct le le;
	char number[DEMO_TEXT];
	char name[DEMO_TEXT];
	char pass[33];
	bool bot;                /**< Played by the PBX if not registered */
	int hz;
	struct demo_colleague habit;
	struct list bindl;
};

/** What somebody who is DEMO_SERVED hears */
enum demo_service {
	DEMO_SERVICE_NONE = 0,   /**< Silence                            */
	DEMO_SERVICE_INVALID,
	DEMO_SERVICE_NUMBER,     /**< A spot's number, spoken            */
	DEMO_SERVICE_ECHO,
};

/** Why a call is made */
enum demo_errand {
	DEMO_ERRAND_CALL = 0,
	DEMO_ERRAND_RECALL,      /**< Parked for too long                */
	DEMO_ERRAND_TRANSFER,    /**< Sent there by a REFER              */
};

struct demo_leg;

/** Who takes part in a call; his state is in the books */
struct demo_party {
	struct le le;
	struct demo *d;
	unsigned id;
	struct demo_leg *leg;    /**< NULL: played by the PBX            */
	struct demo_ext *ext;    /**< NULL: from outside                 */
	enum demo_errand errand;
	enum demo_service service;
	char digits[DEMO_TEXT];  /**< Of DEMO_SERVICE_NUMBER             */
	uint64_t service_ms;
	int hz;                  /**< Tone of one played by the PBX      */
	struct demo_ear ear;
	uint64_t heard_ms;       /**< [tmr_jiffies]                      */
	char parker[DEMO_TEXT];  /**< Who parked him                     */
	bool group;              /**< ... for his group                  */
	char spot[DEMO_TEXT];    /**< ... and where, the last time       */
	unsigned claim;          /**< Who is taking him out              */
	unsigned transferor;     /**< Waits to be told by sipfrag        */
};

enum demo_leg_state {
	DEMO_LEG_CALLING = 0,    /**< INVITE sent                        */
	DEMO_LEG_CANCELLED,      /**< Waits for the final response       */
	DEMO_LEG_ASKED,          /**< INVITE received, no final answer   */
	DEMO_LEG_UP,
};

/** Sipfrags owed to one who sent REFER */
struct demo_owed {
	bool pending;
	uint16_t code;
	uint64_t since_ms;
	bool silent;             /**< They are never sent                */
};

struct demo_media;

/** An INVITE dialog with a real telephone */
struct demo_leg {
	struct le le;
	struct demo *d;
	struct demo_party *party; /**< NULL: over, waits for its end     */
	struct demo_ext *ext;
	struct demo_dlg *dlg;
	enum demo_leg_state state;
	const char *cuser;       /**< Contact user, or ""                */

	struct sip_request *req; /**< INVITE or re-INVITE under way      */
	struct sip_strans *st;
	struct sip_msg *msg;     /**< INVITE received                    */
	uint32_t cseq;           /**< Of our last INVITE                 */
	struct mbuf *ok;         /**< 2xx until ACK                      */
	struct sa ok_dst;
	struct tmr tmr_ok;
	unsigned okc;
	struct tmr tmr_re;
	bool offered;            /**< Our offer is in the 2xx            */

	struct demo_media *media;
	struct demo_sdp rsdp;
	bool rsdp_set;
	enum demo_dir dir;       /**< Ours                               */
	uint32_t sess;
	uint32_t sver;
	bool update;             /**< Peer allows UPDATE                 */

	bool tell;               /**< Identity to be told                */
	bool tell_invite;        /**< By re-INVITE in any case           */
	char tell_name[DEMO_TEXT];
	char tell_number[DEMO_TEXT];

	struct demo_owed owed;
};

struct demo_sub;

/** Shapes of park-info's body */
enum demo_body {
	DEMO_BODY_XML = 0,
	DEMO_BODY_JSON,
	DEMO_BODY_LINES,
	DEMO_BODY_OPAQUE,
	DEMO_BODY_EMPTY,

	DEMO_BODIES
};

struct demo {
	struct sip *sip;
	struct sip_lsnr *lreq;
	struct sip_lsnr *lresp;
	struct sa udp;
	struct sa tcp;
	struct udp_sock *us;     /**< SIP's, once known                  */
	struct udp_helper *uh;

	const struct clock *clock;
	struct demo_manner m;
	struct demo_fault fault;
	uint64_t rng;
	char secret[33];         /**< Of the nonces                      */

	char spotv[DEMO_SPOTS_MAX][DEMO_TEXT];
	unsigned spotc;
	struct list extl;
	struct list subl;
	struct list legl;
	struct list partyl;
	struct list toldl;       /**< Of park-info                       */
	enum demo_body body;
	bool parker_unknown;
	bool never_clears;
	struct list jobl;        /**< Sorted by time                     */
	struct list datagraml;   /**< Delayed by a fault                 */
	struct tmr tmr_job;
	struct tmr tmr_rtp;
	uint64_t rtp_due;
	unsigned callers;        /**< So many so far: next one's tone    */
	bool down;
	uint16_t notify_code;    /**< Answer to demo_notify()            */

	const struct demo_step *stepv;
	struct demo_ext *life;
	unsigned turn;

	struct demo_books books;
};

/* core */
int  demo_core_open(struct demo *d);
int  demo_core_down(struct demo *d);
void demo_cut(struct demo *d);
int  demo_core_up(struct demo *d);
uint64_t demo_now(const struct demo *d);
uint32_t demo_chance(struct demo *d, uint32_t n);
int  demo_job(struct demo *d, uint32_t delay_ms, demo_job_h *h, void *arg);
void demo_job_cancel(struct demo *d, demo_job_h *h, const void *arg);
bool demo_refuses(struct demo *d, enum demo_method met,
		  const struct sip_msg *msg);
const char *demo_reason(uint16_t code);
int  demo_number(char *buf, size_t sz, const struct pl *user);
void demo_tag(char *buf);

int  demo_dlg_uac(struct demo_dlg **dlgp, const char *local,
		  const char *remote, const char *target,
		  const struct sa *dst, enum sip_transp tp);
int  demo_dlg_uas(struct demo_dlg **dlgp, const struct sip_msg *msg);
int  demo_dlg_learn(struct demo_dlg *dlg, const struct sip_msg *msg);
bool demo_dlg_match(const struct demo_dlg *dlg, const struct sip_msg *msg);
int  demo_request(struct demo *d, struct sip_request **reqp,
		  const char *met, struct demo_dlg *dlg, uint32_t cseq,
		  const char *cuser, const char *ctype, const char *body,
		  size_t blen, sip_resp_h *resph, void *arg,
		  const char *fmt, ...);
int  demo_reply(struct demo *d, struct sip_strans **stp, struct mbuf **mbp,
		const struct sip_msg *msg, const char *ltag, uint16_t code,
		const char *reason, const char *ctype, const char *body,
		size_t blen, const char *fmt, ...);
const char *demo_host(void);

extern const char demo_allow[];

/* auth */
int  demo_auth(struct demo *d, struct demo_ext **extp,
	       const struct sip_msg *msg);
void demo_register(struct demo *d, const struct sip_msg *msg);
struct demo_ext *demo_ext_find(const struct demo *d, const char *number);
struct demo_ext *demo_ext_user(const struct demo *d, const struct pl *user);
struct demo_binding *demo_binding(const struct demo *d,
				  const struct demo_ext *ext);

/* lamps */
bool demo_subscribe(struct demo *d, const struct sip_msg *msg);
void demo_lamps(struct demo *d);
void demo_lamps_again(struct demo *d);
void demo_lamps_forget(struct demo *d);

/* told */
void demo_told(struct demo *d);

/* legs */
int  demo_leg_call(struct demo_leg **legp, struct demo_party *party,
		   struct demo_ext *ext, const char *name,
		   const char *number, const char *referred_by);
void demo_leg_invited(struct demo *d, const struct sip_msg *msg);
bool demo_leg_request(struct demo *d, const struct sip_msg *msg);
bool demo_leg_response(struct demo *d, const struct sip_msg *msg);
void demo_leg_ring(struct demo_leg *leg);
int  demo_leg_answer(struct demo_leg *leg, const struct demo_row *who);
void demo_leg_reject(struct demo_leg *leg, uint16_t code);
void demo_leg_hangup(struct demo_leg *leg, unsigned cause);
void demo_leg_tell(struct demo_leg *leg, const struct demo_row *who,
		   bool invite);
void demo_leg_frag(struct demo_leg *leg, uint16_t code);
void demo_leg_owe(struct demo_leg *leg, uint16_t code);
bool demo_leg_holds(const struct demo_leg *leg);

/* media */
int  demo_media_alloc(struct demo_media **mp, struct demo_leg *leg);
uint16_t demo_media_port(const struct demo_media *m);
void demo_media_send(struct demo_media *m, const int16_t *sampv);
int  demo_media_hz(const struct demo_media *m);
void demo_media_tick(struct demo *d);

/* switch */
struct demo_party *demo_party_alloc(struct demo *d, enum demo_kind kind,
				    struct demo_ext *ext, const char *name,
				    const char *number);
struct demo_party *demo_party_find(const struct demo *d, unsigned id);
struct demo_row *demo_row(const struct demo_party *p);
uint16_t demo_switch_call(struct demo_party *p, const char *number,
			  enum demo_errand errand);
void demo_switch_ringing(struct demo_party *p);
void demo_switch_answered(struct demo_party *p);
void demo_switch_refused(struct demo_party *p, uint16_t code);
void demo_switch_end(struct demo_party *p, enum demo_fate fate,
		     const char *reason);
uint16_t demo_switch_refer(struct demo_party *p, const char *number);
void demo_switch_refer_go(struct demo_party *p, const char *number,
			  struct demo_party *replaced);
uint16_t demo_switch_parks(struct demo *d, struct demo_party *p,
			   const char *spot, const char *by);
int  demo_switch_connect(struct demo_party *a, struct demo_party *c);
int  demo_switch_hz(const struct demo_party *p);
bool demo_switch_alone(const struct demo_party *p);
void demo_switch_heard(struct demo_party *p, const int16_t *sampv);
const char *demo_spot_free(const struct demo *d);
bool demo_is_spot(const struct demo *d, const char *number);

#endif
