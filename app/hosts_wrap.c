/**
 * @file app/hosts_wrap.c  Names of /etc/hosts, which libre does not know
 *
 * libre asks name servers only; an office that has "192.0.2.5 pbx" in its
 * hosts file reaches the server with every other program. The answer comes
 * as a name server's would: later, from the loop.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "hosts.h"


enum {
	LINE_SZ = 1024,
	TTL_S = 5,
};

/** Stands in for libre's own query; its owner only ever derefs it */
struct query {
	struct query **qp;       /**< Set to NULL when it is answered    */
	struct tmr tmr;
	char *name;
	struct sa addr;
	uint16_t type;
	bool found;              /**< The type fits the address          */
	dns_query_h *h;
	void *arg;
};


int __real_dnsc_query(struct dns_query **qp, struct dnsc *dnsc,
		      const char *name, uint16_t type, uint16_t dnsclass,
		      bool rd, dns_query_h *qh, void *arg);
int __wrap_dnsc_query(struct dns_query **qp, struct dnsc *dnsc,
		      const char *name, uint16_t type, uint16_t dnsclass,
		      bool rd, dns_query_h *qh, void *arg);


bool hosts_find(struct sa *addr, const char *path, const char *name)
{
	char line[LINE_SZ];
	bool found = false;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return false;

	while (!found && fgets(line, sizeof(line), f)) {

		char *save = NULL, *word;

		line[strcspn(line, "#\r\n")] = '\0';

		word = strtok_r(line, " \t", &save);
		if (!word || sa_set_str(addr, word, 0))
			continue;

		while (!found && (word = strtok_r(NULL, " \t", &save)))
			found = !str_casecmp(word, name);
	}

	(void)fclose(f);

	return found;
}


static void destructor(void *data)
{
	struct query *q = data;

	tmr_cancel(&q->tmr);
	mem_deref(q->name);
}


static int answer(struct list *ansl, const struct query *q)
{
	struct dnsrr *rr = dns_rr_alloc();

	if (!rr)
		return ENOMEM;

	rr->type = q->type;
	rr->dnsclass = DNS_CLASS_IN;
	rr->ttl = TTL_S;
	if (str_dup(&rr->name, q->name)) {
		mem_deref(rr);
		return ENOMEM;
	}

	if (q->type == DNS_TYPE_A)
		rr->rdata.a.addr = sa_in(&q->addr);
	else
		sa_in6(&q->addr, rr->rdata.aaaa.addr);

	list_append(ansl, &rr->le_priv, rr);

	return 0;
}


static void answer_handler(void *arg)
{
	struct list ansl = LIST_INIT, authl = LIST_INIT, addl = LIST_INIT;
	struct query *q = arg;
	int err = 0;

	if (q->qp)
		*q->qp = NULL;

	if (q->found)
		err = answer(&ansl, q);

	q->h(err, NULL, &ansl, &authl, &addl, q->arg);

	list_flush(&ansl);
	mem_deref(q);
}


int __wrap_dnsc_query(struct dns_query **qp, struct dnsc *dnsc,
		      const char *name, uint16_t type, uint16_t dnsclass,
		      bool rd, dns_query_h *qh, void *arg)
{
	const char *host = name;
	struct query *q;
	struct sa addr;
	int err;

	/* "_sip._udp.pbx" (RFC 3263 4.1): the same host, which then has no
	   such record */
	while (host && *host == '_') {
		host = strchr(host, '.');
		if (host)
			++host;
	}

	if (!host || !qh || !hosts_find(&addr, "/etc/hosts", host))
		return __real_dnsc_query(qp, dnsc, name, type, dnsclass, rd,
					 qh, arg);

	q = mem_zalloc(sizeof(*q), destructor);
	if (!q)
		return ENOMEM;

	q->addr = addr;
	q->type = type;
	q->found = host == name &&
		((type == DNS_TYPE_A && sa_af(&addr) == AF_INET) ||
		 (type == DNS_TYPE_AAAA && sa_af(&addr) == AF_INET6));
	q->h = qh;
	q->arg = arg;

	err = str_dup(&q->name, name);
	if (err) {
		mem_deref(q);
		return err;
	}

	if (qp) {
		q->qp = (struct query **)qp;
		*qp = (struct dns_query *)q;
	}

	tmr_start(&q->tmr, 0, answer_handler, q);

	return 0;
}
