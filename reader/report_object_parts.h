// SPDX-License-Identifier: MIT
/*
 * What report_object.c gathers and report_object_print.c prints; for nobody else.
 */
#ifndef IPCTRACE_READER_REPORT_OBJECT_PARTS_H
#define IPCTRACE_READER_REPORT_OBJECT_PARTS_H

#include "reader/map.h"
#include "reader/report.h"

/* Objects of one group that are told apart; users of one object that are named. */
#define APART_MAX 16
#define USERS_MAX 4

/* Objects of one group that are named because they were left. */
#define LEFT_MAX 4

struct use {
	uint64_t calls, errors, sends, receives, sent, received;
	uint64_t ticks, waiting;
	struct object *users[USERS_MAX]; /* processes, in the order of coming */
	uint32_t users_count;
	uint32_t last_pid; /* of the call before: most often that of the next */
	bool has_more_users;
	uint64_t shorts; /* sends that took less than they were given */
};

/* An object that is gone, or several that are not told apart. */
struct object_line {
	char *name;	  /* without the maker */
	char *group;	  /* what all of its group are called */
	char *peer;	  /* "" when not known */
	char *peer_group; /* what the peers of a whole group are called */
	struct object *maker;
	enum object_type type;
	uint64_t objects;
	uint64_t left;	      /* of them, not closed or removed before their process or the trace ended */
	bool has_other_peers; /* not all peers are like the first one's */
	struct use use;
};

struct left_name {
	uint64_t id; /* of the object: they are kept in the order of making */
	char *name;
};

struct group {
	struct object_line apart[APART_MAX];
	uint32_t apart_count;
	struct object_line rest; /* objects 0: none */
	struct left_name left[LEFT_MAX];
	uint32_t left_count;
	struct group *next;
};

struct object_tallies {
	const struct report_view *view;
	struct identities *identity;
	struct map groups; /* by the hash of maker, role and label */
	struct group *first, **last;
	int error;
};

/* Adds `from` to `to`. */
void use_merge(struct use *to, const struct use *from);
void object_line_free(struct object_line *line);

#endif
