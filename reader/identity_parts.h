// SPDX-License-Identifier: MIT
/*
 * The inside of an identity, shared by the files identity*.c alone: processes and threads, what is to take effect
 * later, and the rules of the calls.
 */
#ifndef IPCTRACE_READER_IDENTITY_PARTS_H
#define IPCTRACE_READER_IDENTITY_PARTS_H

#include "reader/handles.h"
#include "reader/identity.h"
#include "reader/mapping.h"

/* Live objects of one identity; about 250 MiB. More are only to be had by a log made for harm: less is known then. */
#define OBJECTS_MAX (1u << 19)

struct thread {
	struct object object; /* first; its label is the path in the tree of creation */
	struct process *owner;
	uint32_t threads, children; /* that it has created */
	struct thread *previous, *next;
	bool is_over; /* freed as soon as no object names it */
};

struct process {
	struct object object; /* first; its label is the path */
	struct process *parent;
	char *image; /* base name of what it executes, or NULL */
	struct thread *main;
	struct handles *descriptors;
	struct handles *semaphores; /* by address */
	struct mapping_table *mappings;
	uint32_t threads_alive;
	bool has_begun; /* it has said so itself */
	bool is_over;	/* its last thread ended */
	struct process *next;
};

enum effect_type {
	EFFECT_DESCRIPTOR,	 /* key means object from now on; NULL: nothing */
	EFFECT_DESCRIPTORS_GONE, /* from key to key + length; flag: on exec */
	EFFECT_SEMAPHORE,
	EFFECT_MAP,	 /* object at key, length bytes; NULL: nothing is there */
	EFFECT_RECEIVED, /* descriptors came over the socket `object`; `payload` is a struct received */
	/* From here on of no single process. */
	EFFECT_SYSV,	   /* as EFFECT_DESCRIPTOR for ids */
	EFFECT_MEET,	   /* object waits at the listener on AF_UNIX; flag: it was accepted */
	EFFECT_PROCESS,	   /* `payload` is a struct process_news */
	EFFECT_THREAD,	   /* `payload` is a struct frame_thread */
	EFFECT_THREAD_END, /* key is the tid */
	EFFECT_GAP,	   /* calls were made that nobody knows of */
};

/* Something to happen at a time that is still to come. */
struct effect {
	uint64_t time, order;
	enum effect_type type;
	bool flag;
	uint32_t pid;
	uint64_t key, length;
	struct object *object; /* retained */
	struct object *other;  /* the listener of EFFECT_MEET; retained */
	void *payload;	       /* owned */
};

/* No call makes more descriptors than a pair. */
#define MADE_MAX 2

struct made_descriptor {
	uint64_t fd;
	struct object *object;
};

struct open_fd {
	int32_t fd;
	char *link;
};

struct process_news {
	uint32_t pid, parent, origin, fds_count;
	char *image;
	struct open_fd *fds;
};

struct received {
	uint32_t count;
	int32_t fds[];
};

/* Objects that wait for a counterpart, in order. */
struct object_queue {
	struct object **objects;
	uint32_t first, count, capacity;
	bool accepted; /* of a listener: those waiting are accepted sockets, not connecting ones */
};

/* The event being observed, and what a rule needs to know of it. */
struct moment {
	const struct event *event;
	const struct call_spec *call;
	const struct rule *rule;
	uint32_t pid;
	uint64_t end;
	bool ok; /* it returned, and not with a failure */
	struct process *process;
	struct thread *thread;
};

/* What is known about a call of the catalogue once and for all. -1: there is no such argument. */
struct rule {
	int (*apply)(struct identities *identity, const struct moment *moment); /* NULL: nothing is made or ended */
	int8_t fd;								/* the first descriptor */
	int8_t subject; /* the first argument that means an object */
	int8_t string;	/* the first string, a name */
	int8_t cloexec; /* the flags that say whether a new descriptor is closed on exec */
	int8_t address; /* a sockaddr, or message with one, to send to */
	int8_t control; /* the message with control data */
	uint64_t cloexec_bit;
	char *stem; /* "eventfd" of eventfd(), "epoll" of epoll_create1(): the role of what it makes */
};

struct identities {
	const struct catalogue *catalogue;
	struct rule *rules;	/* one a call */
	struct map processes;	/* by pid */
	struct map threads;	/* by pid << 32 | tid */
	struct map counters;	/* how many-th of (thread, role, label) */
	struct map talks;	/* sockets without a peer, by both their addresses */
	struct map bound;	/* listening or bound sockets, by type and port, or path */
	struct map sysv;	/* by kind << 32 | id; retained */
	struct map keys;	/* System V objects by kind and key */
	struct map named;	/* POSIX semaphores by name or place */
	struct map inodes;	/* sockets found open, by inode */
	struct effect *effects; /* a heap, earliest first */
	uint32_t effects_count, effects_capacity;
	uint64_t effects_order;
	struct process *all_processes;
	struct thread *all_threads;
	struct process *over[64]; /* ended processes that may still be heard of, oldest replaced */
	uint32_t over_next;
	struct object *result; /* retained */
	/* descriptors that the observed event makes; borrowed from what waits to take effect */
	struct made_descriptor made[MADE_MAX];
	uint32_t made_count;
	struct moment moment;
	uint64_t last_id;
	uint64_t epoch;		/* see identity_epoch() */
	struct object *objects; /* all, newest first */
	struct object *dying;
	bool is_burying;
	uint32_t objects_count, roots;
	void (*gone)(void *context, struct object *object);
	void *gone_context;
	int error; /* the first -ENOMEM; kept until identity_observe() returns it */
};

/* ---- objects (object.c) ---- */

/* A new object without references, or NULL when there are too many or no memory. `thread` may be NULL. */
struct object *object_new(struct identities *identity, enum object_type type, const char *role, struct thread *thread);

/* Give it a role and the rest of a name, and count it among its thread's alike; does nothing when it has them. */
void object_rename(struct object *object, struct thread *thread, const char *role, const char *label);

/* The rest of the name of an object that is not counted, as printf(). */
void object_label(struct object *object, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The two ends of one conversation; nothing when one of them has another end already. */
void object_pair(struct object *a, struct object *b);

/* One-sidedly: `from` talks to `to`. */
void object_point(struct object *from, struct object *to);

/* Objects waiting at `owner`; the queue keeps them until they are popped, and popping hands that reference over. */
int object_queue_push(struct object *owner, struct object *object);
struct object *object_queue_pop(struct object *owner);

/* Frees the memory alone. */
void object_free(struct object *object);

/* ---- processes, threads, effects (identity.c) ---- */

static inline uint64_t thread_key(uint32_t pid, uint32_t tid)
{
	return (uint64_t)pid << 32 | tid;
}

struct process *process_find(struct identities *identity, uint32_t pid);
struct process *process_fork(struct identities *identity, struct thread *creator, uint32_t pid);
struct thread *thread_find(struct identities *identity, struct process *process, uint32_t tid);
void process_announce(struct identities *identity, struct process_news *news);
void process_free(struct process *process);
void thread_free(struct thread *thread);
void process_drop_tables(struct process *process);
/* Drops those of all. */
void processes_forget(struct identities *identity);

/* `object` was made by `thread` (NULL: by nobody any more); a thread is kept while objects are named after it. */
void thread_hold(struct object *object, struct thread *thread);
void thread_announce(struct identities *identity, const struct frame_thread *seen);
void thread_over(struct identities *identity, uint32_t pid, uint32_t tid);
void news_free(struct process_news *news);

/* Keep `effect` until its time. Takes what it points to; retains its objects. 0 or -ENOMEM. */
int effect_push(struct identities *identity, struct effect effect);

/* The observed event makes `object`, as number `key`, when it returns. */
int effect_descriptor(struct identities *identity, const struct moment *moment, uint64_t key, struct object *object,
		      bool cloexec);
void effects_take(struct identities *identity, uint64_t until);
void effects_free(struct identities *identity);

void identity_set_result(struct identities *identity, struct object *object);

static inline bool is_cloexec(const struct moment *moment)
{
	const struct rule *rule = moment->rule;

	return rule->cloexec >= 0 && moment->event->args[rule->cloexec] & rule->cloexec_bit;
}

/* ---- rules (identity_rules.c, identity_memory.c) ---- */

int rules_make(struct identities *identity);
void rules_free(struct identities *identity);
int apply_mmap(struct identities *identity, const struct moment *moment);
int apply_munmap(struct identities *identity, const struct moment *moment);
int apply_mremap(struct identities *identity, const struct moment *moment);
int apply_shmat(struct identities *identity, const struct moment *moment);
int apply_shmdt(struct identities *identity, const struct moment *moment);
int apply_sysv_get(struct identities *identity, const struct moment *moment, enum kind kind);
int apply_semaphore(struct identities *identity, const struct moment *moment, uint64_t address);
struct object *sysv_object(struct identities *identity, enum kind kind, uint64_t id);
void semaphore_note(struct object *object, uint64_t key);
void semaphore_forget(struct object *object);
struct object *semaphore_object(struct identities *identity, struct process *process, uint64_t address);

/* ---- sockets (identity_socket.c) ---- */

int apply_socket(struct identities *identity, const struct moment *moment);
int apply_socketpair(struct identities *identity, const struct moment *moment);
int apply_accept(struct identities *identity, const struct moment *moment);
int apply_connect(struct identities *identity, const struct moment *moment);
int apply_bind(struct identities *identity, const struct moment *moment);
int apply_listen(struct identities *identity, const struct moment *moment);
int apply_names(struct identities *identity, const struct moment *moment);
struct object *find_socket(struct identities *identity, const struct moment *moment);
void socket_meet(struct object *listener, struct object *object, bool accepted);
void socket_send_to(struct identities *identity, const struct moment *moment);
void socket_forget(struct object *object);

/* ---- descriptors that came otherwise (identity_rights.c) ---- */

int apply_control(struct identities *identity, const struct moment *moment);
int socket_received(struct process *process, struct object *socket, const struct received *received);

/* A descriptor found open, by what /proc says it is: "socket:[123]", "/dev/null". Not yet in any table. */
struct object *object_of_link(struct identities *identity, struct process *process, const char *link);

#endif
