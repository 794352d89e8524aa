// SPDX-License-Identifier: MIT
/*
 * See live_area.h.
 */
#include "trace/live_area.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILL_MAX (512u << 10)

/* Whether the live area in `fd` has a collector that lives. */
static bool is_in_use(int fd)
{
	struct live_control control;
	uint32_t word, pid;

	if (pread(fd, &control, sizeof(control), 0) != sizeof(control) || control.magic != LIVE_MAGIC)
		return false;
	word = (uint32_t)control.collector_mutex[0];
	pid = control.collector_pid;
	return control.collector_state == COLLECTOR_RUNNING && word && !(word & FUTEX_OWNER_DIED) && pid &&
	       pid <= INT32_MAX && (!kill((pid_t)pid, 0) || errno == EPERM);
}

/* Opens a new file; one that a dead collector left goes. What is there and no live area is not touched. */
static int file_create(const char *path)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0600), old, rc = 0;
	uint64_t magic = 0;

	if (fd >= 0 || errno != EEXIST)
		return fd >= 0 ? fd : -errno;
	old = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (old < 0)
		return -errno;
	if (is_in_use(old))
		rc = LIVE_AREA_E_IN_USE;
	else if (pread(old, &magic, sizeof(magic), 0) != sizeof(magic) || (magic != LIVE_MAGIC && magic != 0))
		rc = -EEXIST;
	close(old);
	if (rc)
		return rc == LIVE_AREA_E_IN_USE ? -EBUSY : rc;
	if (unlink(path))
		return -errno;
	fd = open(path, flags, 0600);
	return fd >= 0 ? fd : -errno;
}

/* Sparse, with as many slots of those wanted as the file system and the limits allow: at least one. */
static int file_extend(struct live_area *area)
{
	for (; area->slots_count; area->slots_count /= 2) {
		area->size = live_slot_offset(area->ring_size, area->slots_count);
		if (!ftruncate(area->fd, (off_t)area->size))
			return 0;
		if (errno != EFBIG && errno != EINVAL)
			break;
	}
	return -errno;
}

static int file_map(struct live_area *area)
{
	void *mapped = MAP_FAILED;
	int rc;

	/* who has little address space (`ulimit -v`) gets fewer slots as well */
	for (area->slots_count = LIVE_SLOTS_MAX; mapped == MAP_FAILED; area->slots_count /= 2) {
		rc = area->slots_count ? file_extend(area) : -ENOMEM;
		if (rc)
			return rc;
		mapped = mmap(NULL, area->size, PROT_READ | PROT_WRITE, MAP_SHARED, area->fd, 0);
		if (mapped != MAP_FAILED)
			break;
		if (errno != ENOMEM)
			return -errno;
	}
	rc = -posix_fallocate(area->fd, 0, LIVE_PAGE);
	if (rc) {
		munmap(mapped, area->size);
		return rc;
	}
	/* without it the first touch reads ahead into the sparse file: 3 ms instead of 13 us on ext4 */
	madvise(mapped, area->size, MADV_RANDOM);
	area->control = mapped;
	area->slots = (uint8_t *)mapped + LIVE_PAGE;
	return 0;
}

int live_area_create(struct live_area *area, const char *path, uint32_t ring_size)
{
	int rc;

	memset(area, 0, sizeof(*area));
	area->ring_size = ring_size;
	area->fd = file_create(path);
	if (area->fd < 0)
		return area->fd == -EBUSY ? LIVE_AREA_E_IN_USE : area->fd;
	area->path = strdup(path);
	rc = area->path ? file_map(area) : -ENOMEM;
	if (rc) {
		unlink(path);
		live_area_close(area, false);
		return rc;
	}
	area->control->version = LIVE_VERSION;
	area->control->file_size = area->size;
	area->control->ring_size = ring_size;
	area->control->slots_count = area->slots_count;
	area->control->collector_pid = (uint32_t)getpid();
	return 0;
}

void live_area_hold(struct live_area *area)
{
	size_t size;

	syscall(SYS_get_robust_list, 0, &area->robust_before, &size);
	area->robust_entry.next = &area->robust.list;
	area->robust.list.next = &area->robust_entry;
	area->robust.futex_offset = (long)((uint8_t *)area->control->collector_mutex - (uint8_t *)&area->robust_entry);
	__atomic_store_n((uint32_t *)area->control->collector_mutex, (uint32_t)gettid(), __ATOMIC_RELEASE);
	syscall(SYS_set_robust_list, &area->robust, sizeof(area->robust));
}

void live_area_close(struct live_area *area, bool is_removed)
{
	if (area->robust.list.next) {
		__atomic_store_n((uint32_t *)area->control->collector_mutex, 0, __ATOMIC_RELEASE);
		syscall(SYS_set_robust_list, area->robust_before, sizeof(area->robust));
	}
	if (is_removed && area->path)
		unlink(area->path);
	if (area->control)
		munmap(area->control, area->size);
	if (area->control || area->path)
		close(area->fd);
	free(area->path);
	memset(area, 0, sizeof(*area));
}

struct live_slot *live_area_slot(const struct live_area *area, uint32_t index)
{
	return (struct live_slot *)(area->slots + index * live_slot_size(area->ring_size));
}

struct live_ring live_area_ring(const struct live_area *area, uint32_t index)
{
	struct live_slot *slot = live_area_slot(area, index);

	return (struct live_ring){slot, (const uint8_t *)slot + LIVE_PAGE, area->ring_size};
}

uint32_t live_area_used(const struct live_area *area)
{
	uint32_t used = __atomic_load_n(&area->control->slots_used, __ATOMIC_ACQUIRE);

	return used < area->slots_ready ? used : area->slots_ready;
}

int live_area_grow(struct live_area *area, uint32_t count)
{
	uint32_t ready = area->slots_ready, room = area->slots_count - ready;
	uint64_t from = live_slot_offset(area->ring_size, ready);
	int rc;

	count = count < room ? count : room;
	if (!count)
		return LIVE_AREA_E_FULL;
	rc = posix_fallocate(area->fd, (off_t)from, (off_t)(count * live_slot_size(area->ring_size)));
	if (rc)
		return -rc;
	area->slots_ready = ready + count;
	__atomic_store_n(&area->control->slots_ready, area->slots_ready, __ATOMIC_RELEASE);
	for (uint32_t index = ready; index < area->slots_ready; index++)
		live_slot_list(area->control, index);
	return 0;
}

void live_area_fill(struct live_area *area, uint32_t index)
{
	size_t size = area->ring_size < FILL_MAX ? area->ring_size : FILL_MAX;

	madvise((uint8_t *)live_area_slot(area, index) + LIVE_PAGE, size, MADV_POPULATE_WRITE);
}

void live_area_reclaim(struct live_area *area, uint32_t index, uint64_t position)
{
	struct live_slot *slot = live_area_slot(area, index);

	slot->reserved = slot->head = slot->tail = slot->limit = position;
	slot->in_flight_depth = 0;
	slot->pid = slot->tid = slot->image = 0;
	__atomic_store_n(&slot->owner, 0, __ATOMIC_RELEASE);
	live_slot_list(area->control, index);
	__atomic_store_n(&area->control->slot_returned, index, __ATOMIC_RELAXED);
}

void live_area_find_strays(struct live_area *area)
{
	for (uint32_t index = 0; index < area->slots_ready; index++)
		if (!live_slot_owner(live_area_slot(area, index)) && !live_slot_is_listed(area->control, index))
			live_slot_list(area->control, index);
}
