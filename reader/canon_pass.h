// SPDX-License-Identifier: MIT
/*
 * The inside of a pass over a trace, shared by canon*.c: what is known while it goes on.
 */
#ifndef IPCTRACE_READER_CANON_PASS_H
#define IPCTRACE_READER_CANON_PASS_H

#include "reader/canon_call.h"
#include "reader/canon_memo.h"
#include "reader/canon_sort.h"
#include "reader/index.h"
#include "reader/line.h"

/* Payload of a stream that is kept while it is folded, to be masked as one. */
#define FOLD_MAX (64u << 10)

#define PASS_POWERS 4096u

/* The last token of a thread, to which more may be folded. */
struct fold {
	bool is_open;
	uint32_t index;
	uint32_t detail; /* which detail it is for, CANON_NONE: none */
	struct canon_token token;
	struct text kept; /* the beginning of the payload, as far as it is known */
	uint64_t behind;  /* bytes after that */
};

struct pass_thread {
	struct fold fold;
	bool is_woken, is_timer;
	bool wakes_itself;    /* its next token does */
	uint64_t waits_until; /* the end of its last wait for readiness */
	bool registers_anew;  /* its last token does */
	uint32_t missed;      /* what it asked for in vain since its last token, CANON_NONE: nothing */
	uint64_t deadline;    /* ticks: when its last wait for readiness would have timed out; UINT64_MAX: never */
};

struct pass {
	struct canon *canon;
	struct trace *trace;
	struct canon_rule *rules;
	struct canon_sorts sorts;
	struct canon_memos memos;
	struct identities *identities;
	struct mask mask;
	struct text scratch;
	struct pass_thread *threads; /* as canon->threads */
	uint32_t threads_count, threads_room;
	uint32_t tokens; /* so far */
	uint32_t tokens_room, objects_room, objects_count;
	struct index starts; /* of threads: pid, tid to a place in `start` */
	uint64_t *start;
	uint32_t start_count, start_room;
	struct canon_object *objects;
	uint64_t events;
	double ns_per_tick;
	uint32_t powers[PASS_POWERS]; /* of crc32c_power(); 0: not asked for yet */
	/* a second look */
	struct canon_detail *details;
	uint32_t details_count, next_detail;
	uint32_t noting; /* details whose tokens may still grow */
	struct lines lines;
	const struct canon_progress *progress;
};

/* Goes through pass->trace, whose canon and details (NULL: the first time) are set. 0 or -errno. */
int pass_run(struct pass *pass);

/* The token `pass->tokens` - 1 of `view` has just begun, or had more folded into it: note what was asked for. */
int pass_note(struct pass *pass, struct fold *fold, const struct canon_view *view, const struct trace_entry *entry);

/* It is complete. */
int pass_noted(struct pass *pass, struct fold *fold);

/* Makes room in an array of elements of `size` bytes for one more than `count`. 0, -ENOMEM or -E2BIG. */
int pass_make_room(void **array, uint32_t *room, uint32_t count, size_t size);

#define MAKE_ROOM(array, room, count) pass_make_room((void **)&(array), &(room), (count), sizeof(*(array)))

/* A thread that is seen for the first time gets its number, as its object's tag. 0 or -errno. */
int pass_add_thread(struct pass *pass, struct object *object);

/* Where a thread begins, as a place in a file. 0 or -errno. */
int pass_note_start(struct pass *pass, const struct frame_thread *seen);

/* Token `token` has made what it says behind pointers. 0 or -ENOMEM. */
int pass_note_made(struct pass *pass, const struct canon_view *view, uint32_t token);

/* The call of the thread sends a signal. 0 or -errno. */
int pass_note_signal(struct pass *pass, uint32_t thread, const struct canon_view *view);

/* The thread has waited for readiness; `event` is of the wait. */
void pass_note_wait(struct pass *pass, uint32_t thread, const struct canon_rule *rule, const struct event *event);

/* Whether that wait was to have ended by now, in `ticks`. */
bool pass_is_due(const struct pass *pass, uint32_t thread, uint64_t ticks);

/* A token of the thread is complete; they are in order. */
void pass_note_thread(struct pass *pass, const struct canon_token *token);

/* What is known of threads only at the end. 0 or -ENOMEM. */
int canon_finish_threads(struct canon *canon);

/* The number of an object, which is new or not; CANON_NONE when out of memory. */
uint32_t pass_add_object(struct pass *pass, struct object *object);

/* For identity_watch(): an object is over, and its name is as good as it gets. */
void pass_write_down(void *context, struct object *object);

/* The call gives something to an end of a pipe, or takes something from it. */
void pass_note_pipe(struct pass *pass, const struct canon_view *view);

/* Token `index` is complete; `raw` is what it was before numbers of the run were masked. */
void pass_note_object(struct pass *pass, const struct canon_token *token, const struct canon_token *raw,
		      uint32_t index);

#endif
