/**
 * @file modules/blf/list_model.h  What a NOTIFY of a resource list says of
 *                                 each resource (RFC 4662)
 *
 * Pure: versions, instances, which part belongs to whom, lists within
 * lists. What a resource's document says is the owner's business.
 */
#ifndef PARKDECK_LIST_MODEL_H
#define PARKDECK_LIST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "modules/blf/multipart_model.h"
#include "modules/blf/rlmi.h"

enum {
	RLS_DEPTH_MAX = 4,        /**< Lists within each other           */
	RLS_LISTS_MAX = 64,       /**< Of one subscription               */
	RLS_RESOURCES_MAX = 20000,
};

/** State of a resource or of one of its instances */
enum rls_state {
	RLS_UNKNOWN = 0,      /**< No instance: the server knows nothing */
	RLS_ACTIVE,
	RLS_PENDING,          /**< It has still to decide                */
	RLS_TERMINATED,
	RLS_GONE,             /**< Not in the list any more              */
	RLS_DOUBT,            /**< What is known of it may be old        */
};

/** What is told of a resource; borrowed for the call */
struct rls_item {
	const char *uri;
	const char *name;         /**< Or ""                             */
	enum rls_state state;
	size_t instancec;         /**< Of the resource, in this document */
	const char *tag;          /**< "" of the only instance, whose id
				       some servers draw anew each time;
				       of several its id                 */
	const char *body;         /**< Document, or NULL: none came      */
	size_t len;
	const char *reason;       /**< Of terminated: static word, or "".
				       Of doubt: why, a static sentence  */
	void **userp;             /**< Owner's own, of this resource     */
};

/** What a NOTIFY did; bits */
enum rls_outcome {
	RLS_OUT_FULL = 1,            /**< The whole list was told        */
	RLS_OUT_DISCARDED = 2,       /**< Out of turn, was not used      */
	RLS_OUT_REFRESH_WANTED = 4,  /**< Refresh: full state is needed  */
	RLS_OUT_NOT_UNDERSTOOD = 8,  /**< Or a part of it                */
	RLS_OUT_UNREADABLE = 16,     /**< Nothing of it was of use       */
};

/** The outside; handlers must not step the same list */
struct rls_io {
	/** As rlmi_decode() */
	int (*decodeh)(struct rlmi *rl, const void *body, size_t len,
		       void *arg);
	void (*itemh)(const struct rls_item *item, void *arg);
	void *arg;
};

/** Room to work in; one for all lists, 1 MB at the first use */
struct rls_work;

int  rls_work_alloc(struct rls_work **workp);
void rls_work_free(struct rls_work *work);

struct rls;

/** Begin: nothing known. @return 0, EINVAL, ENOMEM */
int  rls_alloc(struct rls **rlsp);
void rls_free(struct rls *rls);

/** A new subscription begins: versions count anew; resources stay */
void rls_reset(struct rls *rls);

/** @return True if nothing is known to be missing of what the list holds: a
	    full list came, or partial ones from version 0 on */
bool rls_is_complete(const struct rls *rls);

/** @return Number of resources known, those that are gone included */
size_t rls_count(const struct rls *rls);

/** @return Owner's own of resource number i, and its URI; NULL: none */
void *rls_user(const struct rls *rls, size_t i, const char **urip);

/**
 * Take a NOTIFY's body in
 *
 * @param type    Content-Type: multipart/related or application/rlmi+xml
 * @param params  Its parameters
 * @param reasonp Set to static text; "" if all was understood
 *
 * @return enum rls_outcome bits. REFRESH_WANTED comes once until a full
 *         list arrives or something more is in doubt, so a server that
 *         never sends one is not asked for ever.
 *
 * RFC 4662 5.6: a full list is discarded unless its version is greater; a
 * partial one if it is not, and taken with a gap if it is greater by more
 * than one. Beyond the RFC: a second one in a row that would be discarded
 * is a server that began to count anew.
 *
 * What cannot be read may have been news of any resource, so all of them
 * are told to be in doubt; so are after a gap those that are not named. An
 * active instance without a document that can be used (RFC 4662 5.5) puts
 * its own resource in doubt.
 */
unsigned rls_step(struct rls *rls, struct rls_work *work,
		  const struct rls_io *io, struct multipart_span type,
		  struct multipart_span params, const char *body, size_t len,
		  const char **reasonp);

/** A NOTIFY's body was lost: all resources are told to be in doubt */
void rls_doubt(struct rls *rls, const struct rls_io *io, const char *reason);

/** @return True if that NOTIFY would not be discarded; changes nothing */
bool rls_is_newer(const struct rls *rls, struct rls_work *work,
		  const struct rls_io *io, struct multipart_span type,
		  struct multipart_span params, const char *body,
		  size_t len);

#endif
