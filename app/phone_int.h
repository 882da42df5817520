/**
 * @file app/phone_int.h  Shared by app/phone*.c only
 */
#ifndef PARKDECK_PHONE_INT_H
#define PARKDECK_PHONE_INT_H

#include <sys/stat.h>
#include <re.h>
#include "desk_model.h"
#include "phone.h"

struct call;
struct ua;

enum {
	DTMF_QUEUE = 64,         /**< Keys waiting to be sent            */
};

/** What phone_account.p points to */
struct acct {
	struct phone_account pub;
	struct phone *phone;
	struct ua *ua;
	char *auth_user;         /**< NULL: the user part                */
	char *pass;              /**< NULL: none                         */
	bool auto_answer;        /**< answermode=auto                    */
	struct sa server;        /**< Source of the registrar's last 2xx */
	enum sip_transp server_tp;   /**< What that came by              */
	bool server_known;
	uint64_t silent_ms;      /**< Since when it says nothing; 0: not */
};

/** One call */
struct pcall {
	struct le le;
	struct phone *phone;
	struct acct *acct;
	struct call *call;       /**< baresip's, owned                   */
	struct call_fact fact;
	enum phone_phase phase;
	bool background;
	char ltag[64];           /**< Our tag in its dialog, or ""       */
	char rtag[64];           /**< The far end's                      */
	bool hold_asked;         /**< A hold re-INVITE is not answered   */
	struct tmr tmr_dtmf;
	char dtmfv[DTMF_QUEUE];
	size_t dtmfc;
	bool dtmf_down;          /**< A key is being pressed             */
	uint32_t rx_packets;     /**< RTP packets at the last look       */
	uint32_t rx_limit_s;     /**< 0: as for all calls                */
	uint64_t watch_ms;       /**< Since when rx_limit_s holds         */
	uint64_t rx_ms;          /**< When one came last, or none had to */
	uint32_t rx_rtcp;        /**< RTCP packets                       */
	uint32_t rx_rtcp_seen;   /**< ... at the last look               */
	uint64_t heard_ms;       /**< When any packet came last          */
	bool elsewhere;          /**< Not by way of the account's server */
};

/** Who the far end is told to be in one message */
struct identity {
	char name[TEXT_SZ];
	char number[TEXT_SZ];
	char referred_by[TEXT_SZ];
	bool asserted;           /**< By the server, not just From       */
};

struct phone {
	const struct clock *clock;
	struct bus *bus;
	struct acct *acctv[ACCOUNTS_MAX];
	size_t acctc;
	struct list calll;       /**< struct pcall, in order of ids      */
	struct list referl;      /**< struct refer                       */
	unsigned next_id;
	phone_call_h *callh;
	void *callarg;
	phone_wanted_h *wantedh;
	void *wantedarg;
	uint32_t max_calls;
	void (*neth)(void *arg);
	void *netarg;
	void (*exith)(void *arg);
	void *exitarg;
	void (*backgroundh)(const char *dev, bool on);
	const struct clock *boot_clock;
	struct clock_gap gap;
	struct stat resolv;      /**< /etc/resolv.conf at the last look  */
	struct tmr tmr_net;
	struct tmr tmr_rtp;
	uint32_t rtp_timeout_s;  /**< 0: off                             */
	struct tmr tmr_stop;
	struct sa laddr;
	char *interface;         /**< net_interface as configured        */
	bool requests_any;
	bool up;                 /**< baresip and the stack are there    */
	/** The INVITE whose call is being made right now */
	char invite_callid[256];
	struct identity invite;
};

/* phone_call.c */
int  phone_call_init(struct phone *phone);
void phone_call_close(struct phone *phone);
struct pcall *phone_pcall(const struct phone *phone, unsigned id);
struct pcall *phone_pcall_msg(const struct phone *phone,
			      const struct sip_msg *msg);

/** @param scode Of the answer that names him; 0: a request within the call */
void phone_call_identity(struct pcall *pc, const struct identity *id,
			 unsigned scode);
void phone_call_tell(struct pcall *pc, enum phone_call_event ev,
		     unsigned scode, const char *text);

/* phone_msg.c */
int  phone_msg_init(struct phone *phone);
void phone_msg_close(struct phone *phone);

/* phone_refer.c */
bool phone_refer_notify(struct phone *phone, const struct sip_msg *msg);
void phone_refer_close(struct phone *phone);

#endif
