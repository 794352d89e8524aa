// SPDX-License-Identifier: MIT
/*
 * What a number means at a moment of a trace: the one place that knows that descriptor 7 of process 4711 is just now
 * its third connection to :6379, that a System V id stands for a key, an address for a mapping, a pid for a place in
 * the tree of creation. The rules are in docs/identity.md.
 *
 * Feed it everything in order of time. An event takes effect where it should: what it ends, ends when the call was
 * entered; what it makes, exists from when the call returned, so that an accept() that waited for a second cannot
 * clobber what other threads did with the same number meanwhile. Filters may have left out any event: then less is
 * known (`fd 7`), never something wrong with certainty.
 *
 * The cost of an event is constant; most take one table look-up. All functions: 0, or -ENOMEM.
 */
#ifndef IPCTRACE_READER_IDENTITY_H
#define IPCTRACE_READER_IDENTITY_H

#include "format/event.h"
#include "format/frame.h"
#include "reader/object.h"

struct identities;

/*
 * `catalogue` is that of the log, and is borrowed. Free with identity_free(), which also frees all objects.
 */
int identity_new(struct identities **identity, const struct catalogue *catalogue);
void identity_free(struct identities *identity);

/*
 * Called with each object that nothing means any more (its last descriptor was closed), before it is freed. Without
 * such a function objects go just so. Objects still alive at the end are reported by identity_finish().
 */
void identity_watch(struct identities *identity, void (*gone)(void *context, struct object *object), void *context);

/*
 * Processes and threads begin and end. May be handed in before their time and in any order: they take effect at their
 * ticks. The arguments are copied.
 */
int identity_process(struct identities *identity, const struct frame_process *process);
int identity_thread(struct identities *identity, const struct frame_thread *thread);
int identity_thread_end(struct identities *identity, const struct frame_thread_end *end);

/*
 * The recording was steered. When calls are recorded again that were not for a time, nobody knows what was closed
 * meanwhile: descriptors, addresses and semaphores mean nothing from here on until they are made anew. As above.
 */
int identity_control(struct identities *identity, const struct object_control *control);

/*
 * The next event by time of entry. Until the next one is observed, all look-ups answer as of this event: what it
 * closes is still there, what it makes is identity_result(). The event is not needed afterwards.
 */
int identity_observe(struct identities *identity, const struct event *event);

/* Take effect of all that is outstanding, and report every object to the watcher. Nothing may be observed after. */
void identity_finish(struct identities *identity);

/*
 * What `value` of kind `kind` means to process `pid` now: KIND_FD, KIND_MQD, KIND_PID, KIND_TID, KIND_MSQID,
 * KIND_SEMID, KIND_SHMID, KIND_SEM, KIND_ADDRESS; NULL for every other kind, for negative descriptors and for
 * addresses outside every known mapping. A descriptor or id of which nothing is known is an OBJECT_UNKNOWN. Objects
 * live until the watcher is told, at the earliest during the next identity_observe().
 */
struct object *identity_object(struct identities *identity, uint32_t pid, enum kind kind, uint64_t value);

/* As identity_object(KIND_ADDRESS), with the distance from the mapping's beginning. */
struct object *identity_mapping(struct identities *identity, uint32_t pid, uint64_t address, uint64_t *offset);

/* What the observed event made (the accepted socket, the mapping, the child), or NULL. */
struct object *identity_result(struct identities *identity);

/* As long as this number stays the same, equal questions about descriptors, processes and threads have equal answers.
 */
uint64_t identity_epoch(const struct identities *identity);

/* Whether events of this call change nothing by themselves; such that begin before identity_quiet_until() need not be
 * observed. */
bool identity_is_quiet(const struct identities *identity, const struct event *event);
uint64_t identity_quiet_until(const struct identities *identity);

/* What the observed event made descriptor `fd` of the caller's, or NULL; that takes effect when the call returns. */
struct object *identity_made(struct identities *identity, int32_t fd);

/*
 * What the observed event is about: what its first argument of an identifying kind means, or else what it made; NULL
 * when there is no such thing. `event` must be the one just observed.
 */
struct object *identity_subject(struct identities *identity, const struct event *event);

/* Which process the event belongs to: not the ring's when a vfork child made it. */
uint32_t identity_event_pid(const struct event *event);

/*
 * The base name of what a process executes: its own when it executed something (`own` says so), else what its parent
 * did when it forked it. NULL when that is not known. Lives as long as the identity.
 */
const char *identity_process_image(const struct object *process, bool *own);

/* The thread `tid` of `pid` as it is now. Made up when it never began. NULL only when there is no memory. */
struct object *identity_thread_object(struct identities *identity, uint32_t pid, uint32_t tid);

#endif
