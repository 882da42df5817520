/**
 * @file app/bus.c  Tells facts to all who listen
 *
 * A fact emitted by a handler waits until the one in hand has been told to
 * everybody: all listeners see all facts in one and the same order, so no
 * old picture of a call can overwrite a newer one.
 */
#include <string.h>
#include <re.h>
#include "app/event.h"
#include "app/log.h"
#include "app/text_model.h"

enum {
	QUEUE_MAX = 65536,      /* Facts that wait; more: a loop of handlers */
};

struct listener {
	event_h *h;             /* NULL: gone, place to be closed up         */
	void *arg;
};

struct waiting {
	struct le le;
	struct event ev;
};

struct bus {
	struct listener *listenerv;
	size_t listenerc;
	struct list waitl;      /* struct waiting                            */
	uint32_t waitc;
	bool busy;              /* A fact is being told                      */
	bool full;              /* Said once per flood                       */
};


static void destructor(void *arg)
{
	struct bus *bus = arg;

	list_flush(&bus->waitl);
	mem_deref(bus->listenerv);
}


static void waiting_destructor(void *arg)
{
	struct waiting *w = arg;

	list_unlink(&w->le);
}


int bus_alloc(struct bus **busp)
{
	struct bus *bus;

	if (!busp)
		return EINVAL;

	bus = mem_zalloc(sizeof(*bus), destructor);
	if (!bus)
		return ENOMEM;

	list_init(&bus->waitl);
	*busp = bus;

	return 0;
}


int bus_listen(struct bus *bus, event_h *h, void *arg)
{
	struct listener *v;

	if (!bus || !h)
		return EINVAL;

	v = mem_reallocarray(bus->listenerv, bus->listenerc + 1, sizeof(*v),
			     NULL);
	if (!v)
		return ENOMEM;

	bus->listenerv = v;
	v[bus->listenerc].h   = h;
	v[bus->listenerc].arg = arg;
	++bus->listenerc;

	return 0;
}


static void close_up(struct bus *bus)
{
	size_t i, n = 0;

	for (i = 0; i < bus->listenerc; i++) {

		if (bus->listenerv[i].h)
			bus->listenerv[n++] = bus->listenerv[i];
	}

	bus->listenerc = n;
}


void bus_unlisten(struct bus *bus, event_h *h, void *arg)
{
	size_t i;

	if (!bus || !h)
		return;

	for (i = 0; i < bus->listenerc; i++) {

		struct listener *l = &bus->listenerv[i];

		if (l->h == h && l->arg == arg)
			l->h = NULL;
	}

	if (!bus->busy)
		close_up(bus);
}


/* Walks by index: a handler may come or go although it should not */
static void tell(struct bus *bus, const struct event *ev)
{
	const size_t n = bus->listenerc;
	size_t i;

	for (i = 0; i < n; i++) {

		const struct listener l = bus->listenerv[i];

		if (l.h)
			l.h(ev, l.arg);
	}
}


static void queue(struct bus *bus, const struct event *ev)
{
	struct waiting *w;

	w = bus->waitc < QUEUE_MAX ? mem_zalloc(sizeof(*w),
						waiting_destructor) : NULL;
	if (!w) {
		if (!bus->full)
			applog(APPLOG_ERROR, "bus: %u facts wait, no room for"
			       " more: facts are lost", bus->waitc);
		bus->full = true;
		return;
	}

	w->ev = *ev;
	list_append(&bus->waitl, &w->le, w);
	++bus->waitc;
}


void bus_emit(struct bus *bus, const struct event *ev)
{
	if (!bus || !ev)
		return;

	if (bus->busy) {
		queue(bus, ev);
		return;
	}

	/* a handler may let go of the bus itself */
	mem_ref(bus);

	bus->busy = true;
	tell(bus, ev);

	while (!list_isempty(&bus->waitl)) {

		struct waiting *w = list_ledata(list_head(&bus->waitl));

		list_unlink(&w->le);
		--bus->waitc;
		tell(bus, &w->ev);
		mem_deref(w);
	}

	bus->busy = false;
	bus->full = false;
	close_up(bus);

	mem_deref(bus);
}


void bus_message(struct bus *bus, enum message_level level,
		 const char *fmt, ...)
{
	char *text = NULL;
	struct event ev;
	va_list ap;
	int err;

	if (!bus || !fmt)
		return;

	memset(&ev, 0, sizeof(ev));
	ev.type = EVENT_MESSAGE;
	ev.u.message.level = level;

	va_start(ap, fmt);
	err = re_vsdprintf(&text, fmt, ap);
	va_end(ap);

	/* too long is cut between characters, not lost */
	if (!err)
		(void)uchar_clean(ev.u.message.text,
				  sizeof(ev.u.message.text),
				  text, strlen(text));
	mem_deref(text);

	if (err)
		applog(APPLOG_ERROR, "bus: message not formatted: %m", err);
	else
		bus_emit(bus, &ev);
}


const char *deskcall_state_name(enum deskcall_state state)
{
	static const char *const namev[DESKCALL_STATES] = {
		[DESKCALL_NONE]       = "none",
		[DESKCALL_DIALING]    = "dialing",
		[DESKCALL_RINGING]    = "ringing",
		[DESKCALL_INCOMING]   = "incoming",
		[DESKCALL_ACTIVE]     = "active",
		[DESKCALL_HELD]       = "held",
		[DESKCALL_PARKING]    = "parking",
		[DESKCALL_RETRIEVING] = "retrieving",
		[DESKCALL_CLOSED]     = "closed",
	};

	return (unsigned)state < DESKCALL_STATES ? namev[state] : "?";
}


const char *lamp_end_name(enum lamp_end end)
{
	static const char *const namev[LAMP_ENDS] = {
		[LAMP_END_NONE]     = "",
		[LAMP_END_TAKEN]    = "taken",
		[LAMP_END_CALLER]   = "caller hung up",
		[LAMP_END_SERVER]   = "ended by the server",
		[LAMP_END_REJECTED] = "rejected",
		[LAMP_END_TIMEOUT]  = "timed out",
		[LAMP_END_ERROR]    = "failed",
	};

	return (unsigned)end < LAMP_ENDS ? namev[end] : "";
}


const char *lamp_state_name(enum lamp_state state, bool stale)
{
	static const char *const namev[LAMP_STATES] = {
		[LAMP_UNKNOWN] = "unknown",
		[LAMP_FREE]    = "free",
		[LAMP_PARKED]  = "parked",
		[LAMP_RINGING] = "ringing",
		[LAMP_BUSY]    = "busy",
	};

	if (stale)
		return "stale";

	return (unsigned)state < LAMP_STATES ? namev[state] : "?";
}
