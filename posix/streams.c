// SPDX-License-Identifier: MIT
/*
 * See streams.h; also what fork and exit do to streams.
 */
#include "posix/streams.h"

#include <time.h>
#include <unistd.h>

#include "trace.h"
#include "trace/clock.h"

#define GENERATION_MAX 0x3ffffffu
/* Whoever is at a stream leaves it within microseconds, or has been jumped out of it. In ns. */
#define LEAVE_TIME 2000000000u

struct posix_entry posix_entries[TRACE_SYS_MAX];
uint32_t posix_tracing;

static pthread_mutex_t entries_mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread bool is_keeping __attribute__((tls_model("initial-exec")));

static uint32_t entry_index(const struct posix_entry *entry)
{
	return (uint32_t)(entry - posix_entries);
}

static trace_id_t entry_trid(const struct posix_entry *entry)
{
	return (trace_id_t)(entry->generation * TRACE_SYS_MAX + entry_index(entry));
}

struct posix_entry *entry_get(trace_id_t trid, unsigned kinds)
{
	struct posix_entry *entry = &posix_entries[(uint32_t)trid % TRACE_SYS_MAX];

	__atomic_fetch_add(&entry->stream.users, 1, __ATOMIC_SEQ_CST);
	if (trid >= 0 && (__atomic_load_n(&entry->kind, __ATOMIC_SEQ_CST) & kinds) && entry_trid(entry) == trid &&
	    entry->owner == getpid())
		return entry;
	entry_put(entry);
	return NULL;
}

void entry_put(struct posix_entry *entry)
{
	__atomic_fetch_sub(&entry->stream.users, 1, __ATOMIC_RELEASE);
}

struct posix_entry *entry_new(void)
{
	struct posix_entry *entry = NULL;

	pthread_mutex_lock(&entries_mutex);
	for (uint32_t i = 0; i < TRACE_SYS_MAX && !entry; i++)
		if (posix_entries[i].kind == ENTRY_FREE && !posix_entries[i].owner)
			entry = &posix_entries[i];
	if (entry) {
		entry->owner = getpid();
		entry->generation = entry->generation % GENERATION_MAX + 1;
		entry->life = (struct life){.fd = -1};
		entry->list_at = 0;
		entry->recorded = NULL;
	}
	pthread_mutex_unlock(&entries_mutex);
	return entry;
}

trace_id_t entry_publish(struct posix_entry *entry, unsigned kind)
{
	__atomic_store_n(&entry->kind, kind, __ATOMIC_SEQ_CST);
	if (kind != ENTRY_RECORDED)
		__atomic_fetch_or(&posix_tracing, 1u << entry_index(entry), __ATOMIC_SEQ_CST);
	return entry_trid(entry);
}

void entry_free(struct posix_entry *entry)
{
	stream_unmap(&entry->stream);
	entry->stream.is_closing = false;
	life_end(&entry->life);
	__atomic_store_n(&entry->owner, 0, __ATOMIC_SEQ_CST);
}

bool entry_withdraw(struct posix_entry *entry)
{
	__atomic_fetch_and(&posix_tracing, ~(1u << entry_index(entry)), __ATOMIC_SEQ_CST);
	return __atomic_exchange_n(&entry->kind, ENTRY_FREE, __ATOMIC_SEQ_CST) != ENTRY_FREE;
}

bool entry_leave(struct posix_entry *entry)
{
	const struct timespec moment = {0, 100000};
	uint64_t until = monotonic_now() + LEAVE_TIME;

	__atomic_store_n(&entry->stream.is_closing, true, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&entry->stream.users, __ATOMIC_SEQ_CST) > 1) {
		if (monotonic_now() > until)
			return false;
		if (entry->stream.shared)
			stream_wake(entry->stream.shared);
		nanosleep(&moment, NULL);
	}
	return true;
}

/* ---- fork and exit ---- */

void entries_keep(bool keeps)
{
	is_keeping = keeps;
}

static void fork_prepare(void)
{
	if (!is_keeping)
		pthread_mutex_lock(&entries_mutex);
}

static void fork_parent(void)
{
	if (!is_keeping)
		pthread_mutex_unlock(&entries_mutex);
}

/* A child controls nothing. It goes on being traced where that is inherited. */
static void fork_child(void)
{
	if (is_keeping)
		return;
	stream_process_began();
	for (uint32_t i = 0; i < TRACE_SYS_MAX; i++) {
		struct posix_entry *entry = &posix_entries[i];
		if (entry->kind == ENTRY_FREE)
			continue;
		entry->stream.users = 0;
		life_end(&entry->life);
		if (entry->kind != ENTRY_RECORDED && (posix_tracing >> i & 1) &&
		    entry->stream.shared->attributes.inherited == POSIX_TRACE_INHERITED)
			continue;
		entry_withdraw(entry);
		entry_free(entry);
	}
	pthread_mutex_unlock(&entries_mutex);
}

__attribute__((constructor)) static void entries_begin(void)
{
	stream_process_began();
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* Streams that were not shut down are, when their controller exits. */
__attribute__((destructor)) static void entries_end(void)
{
	for (uint32_t i = 0; i < TRACE_SYS_MAX; i++)
		if (posix_entries[i].owner == getpid() && posix_entries[i].kind != ENTRY_FREE)
			posix_trace_shutdown(entry_trid(&posix_entries[i]));
}
