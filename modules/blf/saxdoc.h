/**
 * @file modules/blf/saxdoc.h  Read a small XML document of a NOTIFY safely
 *
 * What the documents of dialog state have in common: bytes from the network,
 * servers that differ more than the standards allow, a fixed vocabulary. The
 * caller names the elements that it wants and is told when one begins and
 * ends. No tree is built and nothing outside the root element is looked at.
 */
#ifndef PARKDECK_SAXDOC_H
#define PARKDECK_SAXDOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SAXDOC_SIZE_MAX = 65536,   /**< A document [bytes], unless its
					vocabulary allows more           */
	SAXDOC_DEPTH_MAX = 16,     /**< Elements within each other       */
	SAXDOC_ATTRS_MAX = 32,     /**< Attributes of an element         */
	SAXDOC_TEXT_MAX = 1024,    /**< Text of an element [bytes]       */
	SAXDOC_STR_MAX = 255,      /**< A string kept [bytes, no NUL]    */
};

/** Places that every vocabulary has; its own begin with SAXDOC_OWN */
enum {
	SAXDOC_FOREIGN = 0,        /**< Skipped with all it holds        */
	SAXDOC_TOP,
	SAXDOC_ROOT,
	SAXDOC_OWN,
};

/** Inside of `in`, an element of that name is `place` */
struct saxdoc_element {
	int in;
	const char *name;          /**< NULL: of any name                */
	int place;
	bool text;                 /**< Its text is wanted               */
};

struct saxdoc;
struct saxdoc_attrs;

/** What to read; static, as are its strings */
struct saxdoc_vocabulary {
	const char *ns;            /**< Namespace; another one of the
					root's elements is taken as well.
					NULL: all are                    */
	const char *stranger;      /**< Reason if the root is another    */
	const struct saxdoc_element *elementv; /**< Root's first         */
	size_t elementc;
	size_t size_max;           /**< 0: SAXDOC_SIZE_MAX               */
	void (*enterh)(int place, const struct saxdoc_attrs *attrs,
		       void *arg);
	/** Text is not ended by NUL; `cut`: there was more of it */
	void (*leaveh)(int place, const char *text, size_t len, bool cut,
		       void *arg);
};

/** Memory of a document's strings, borrowed from its owner */
struct saxdoc_arena {
	char *buf;
	size_t size;
	size_t used;
};

/**
 * Make a reader: one serves all documents, one after the other
 *
 * @param voc Borrowed
 * @param arg For its handlers
 *
 * @return 0, EINVAL, ENOMEM
 */
int saxdoc_alloc(struct saxdoc **docp, const struct saxdoc_vocabulary *voc,
		 void *arg);

/** Free a reader; NULL is fine */
void saxdoc_free(struct saxdoc *doc);

/**
 * Read one document
 *
 * @param reasonp Set to static text, "" if 0 is returned
 *
 * @return 0; ENODATA: there is none; EBADMSG: refused; ENOMEM; EINVAL. If it
 *         is not 0, what the handlers were told must be forgotten
 */
int saxdoc_read(struct saxdoc *doc, const char **reasonp, const void *body,
		size_t len);

/** From within a handler: this document is refused. `reason` is static */
void saxdoc_refuse(struct saxdoc *doc, const char *reason);

/** @return Name of the element that begins, without prefix; within enterh */
const char *saxdoc_name(const struct saxdoc_attrs *attrs);

/**
 * @param i    Of an attribute, from 0; those of all namespaces count
 * @param name Set to its name without prefix
 *
 * @return Its value, not ended by NUL; NULL: there are no more
 */
const char *saxdoc_attr_at(const struct saxdoc_attrs *attrs, int i,
			   const char **name, size_t *len);

/** @return Value of an attribute, not ended by NUL; NULL if not there */
const char *saxdoc_attr(const struct saxdoc_attrs *attrs, const char *name,
			size_t *len);

/**
 * Put a string into the arena: ended by NUL, valid UTF-8, no control or
 * direction-changing characters, no white space at the ends, at most
 * SAXDOC_STR_MAX bytes
 *
 * @param cut   Too long: cut it (true) or leave it out (false)
 * @param longp Set to true if it was too long; may be NULL
 *
 * @return The string; "" if there is nothing, or too much of it
 */
const char *saxdoc_keep(struct saxdoc *doc, struct saxdoc_arena *arena,
			const char *s, size_t len, bool cut, bool *longp);

/** saxdoc_keep() of an attribute; nothing happens if *strp is not "" */
void saxdoc_attr_keep(struct saxdoc *doc, struct saxdoc_arena *arena,
		      const char **strp, const struct saxdoc_attrs *attrs,
		      const char *name, bool cut);

/** @return True if p is a number that fits, white space around it or not */
bool saxdoc_num(uint32_t *v, const char *p, size_t len);

/** @return Index of the word in wordv (any case, padded), from 1; 0 if it
	    is not there */
unsigned saxdoc_word(const char *p, size_t len, const char *const *wordv,
		     unsigned wordc);

#define SAXDOC_WORD(p, len, v)						\
	saxdoc_word(p, len, v, sizeof(v) / sizeof((v)[0]))

#endif
