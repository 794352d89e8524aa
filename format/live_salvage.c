// SPDX-License-Identifier: MIT
/*
 * Taking out of a live area what no collector has written to the log. The file is mapped for reading only; it may be
 * of any size and content.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/live_read.h"

#define OWNER_DIED 0x40000000u /* FUTEX_OWNER_DIED */

struct salvage {
	const struct live_control *control;
	uint64_t size;	    /* of the mapping */
	uint32_t ring_size; /* checked */
	uint32_t slots;	    /* that lie inside the file, up to the highest used */
	bool is_abandoned;  /* nobody drains it any more */
	bool overwrites;
	const struct catalogue *catalogue;
	struct live_reader *reader;
	struct log_writer *memory;
	struct log_anchor anchors[2];
};

__attribute__((format(printf, 2, 3))) static int unfit(struct log_trouble *trouble, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(trouble->text, sizeof(trouble->text), format, arguments);
	va_end(arguments);
	return LIVE_E_UNFIT;
}

static int map_area(struct salvage *salvage, const char *path, struct log_trouble *trouble)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	void *mapped;
	int rc = 0;

	if (fd < 0 || fstat(fd, &status))
		rc = -errno;
	else if (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof(struct live_control))
		rc = unfit(trouble, "%s: not a live area", path);
	if (!rc) {
		salvage->size = status.st_size;
		mapped = mmap(NULL, salvage->size, PROT_READ, MAP_SHARED, fd, 0);
		if (mapped == MAP_FAILED)
			rc = -errno;
		else
			salvage->control = mapped;
	}
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		snprintf(trouble->text, sizeof(trouble->text), "%s: %s", path, strerror(-rc));
	return rc;
}

static int check_area(struct salvage *salvage, const char *path, const struct catalogue *catalogue, uint64_t frames,
		      struct log_trouble *trouble)
{
	const struct live_control *control = salvage->control;
	uint32_t ring = control->ring_size, used = control->slots_used, word = (uint32_t)control->collector_mutex[0];
	uint64_t fit;

	if (control->magic != LIVE_MAGIC)
		return unfit(trouble, "%s: not a live area", path);
	if (control->version != LIVE_VERSION)
		return unfit(trouble, "%s: live area of version %u, this build reads %u", path, control->version,
			     LIVE_VERSION);
	if (control->calls_count != catalogue->calls_count || control->catalogue_hash != live_catalogue_hash(catalogue))
		return unfit(trouble, "%s: live area of another build: its calls are not those of the log", path);
	/* copied earlier, or the disk's idea of it after a power cut: the log has all that it held, and more */
	if (frames > control->frames_begun)
		return unfit(trouble, "%s: live area that is older than its log", path);
	if (ring < LIVE_RING_MIN || ring > LIVE_RING_MAX || (ring & (ring - 1)))
		return unfit(trouble, "%s: damaged live area: impossible ring size %u", path, ring);
	salvage->ring_size = ring;
	fit = (salvage->size - LIVE_PAGE) / live_slot_size(ring);
	used = used < control->slots_ready ? used : control->slots_ready;
	used = used < LIVE_SLOTS_MAX ? used : LIVE_SLOTS_MAX;
	salvage->slots = fit < used ? (uint32_t)fit : used;
	salvage->overwrites = control->full_policy == FULL_OVERWRITE;
	salvage->is_abandoned = !word || (word & OWNER_DIED) || control->collector_state != COLLECTOR_RUNNING;
	for (int i = 0; i < 2; i++)
		salvage->anchors[i] =
			(struct log_anchor){control->anchors[i][0], control->anchors[i][1], control->anchors[i][2]};
	return 0;
}

/* How far the log of `frames` frames has this slot's records. */
static struct live_cursor find_cursor(const struct live_slot *slot, uint64_t frames)
{
	const struct live_taken a = slot->taken[0], b = slot->taken[1];

	if (a.frames <= frames && (b.frames > frames || a.frames >= b.frames))
		return a.cursor;
	if (b.frames <= frames)
		return b.cursor;
	/* the log has lost its end: what stands between it and the area is gone, and shows as a gap */
	return a.frames < b.frames ? a.cursor : b.cursor;
}

static int flush_full(const struct salvage *salvage, int rc)
{
	if (rc != LIVE_E_FULL)
		return rc;
	rc = log_writer_flush(salvage->memory, &salvage->anchors[0], &salvage->anchors[1]);
	return rc ? rc : LIVE_E_FULL;
}

static int salvage_slot(const struct salvage *salvage, uint32_t index, uint64_t frames)
{
	const uint8_t *area = (const uint8_t *)salvage->control;
	uint64_t offset = live_slot_offset(salvage->ring_size, index);
	const struct live_slot *slot = (const struct live_slot *)(area + offset);
	struct live_ring ring = {slot, area + offset + LIVE_PAGE, salvage->ring_size, !salvage->is_abandoned};
	struct live_cursor cursor = find_cursor(slot, frames);
	struct glimpse glimpse;
	int rc;

	do {
		rc = salvage->overwrites
			     ? live_reader_take_window(salvage->reader, &ring, &cursor, slot->tail, NULL)
			     : live_reader_take(salvage->reader, &ring, &cursor, UINT64_MAX, salvage->is_abandoned);
		rc = flush_full(salvage, rc);
	} while (rc == LIVE_E_FULL);
	if (!rc && live_slot_owner(slot)) {
		/* also when the collector is dead: the program may go on without it */
		glimpse_take(&glimpse, salvage->catalogue, slot);
		rc = live_reader_take_unfinished(salvage->reader, slot, &glimpse);
	}
	return rc;
}

static int salvage_slots(struct salvage *salvage, const struct catalogue *catalogue, uint64_t frames,
			 struct live_counts *counts)
{
	int rc = live_reader_new(&salvage->reader, catalogue, salvage->memory, salvage->ring_size, NULL);

	for (uint32_t i = 0; i < salvage->slots && !rc; i++) {
		rc = salvage_slot(salvage, i, frames);
		if (!rc && log_writer_pending(salvage->memory) >= LOG_FRAME_TARGET)
			rc = log_writer_flush(salvage->memory, &salvage->anchors[0], &salvage->anchors[1]);
	}
	if (!rc)
		rc = log_writer_flush(salvage->memory, &salvage->anchors[0], &salvage->anchors[1]);
	if (salvage->reader)
		*counts = *live_reader_counts(salvage->reader);
	live_reader_free(salvage->reader);
	return rc;
}

int live_area_salvage(const char *path, const struct catalogue *catalogue, uint64_t frames, struct log_writer *memory,
		      struct live_counts *counts, struct log_trouble *trouble)
{
	struct salvage salvage = {.catalogue = catalogue, .memory = memory};
	int rc;

	memset(counts, 0, sizeof(*counts));
	trouble->text[0] = '\0';
	rc = map_area(&salvage, path, trouble);
	if (!rc)
		rc = check_area(&salvage, path, catalogue, frames, trouble);
	if (!rc) {
		rc = salvage_slots(&salvage, catalogue, frames, counts);
		if (rc)
			snprintf(trouble->text, sizeof(trouble->text), "%s: %s", path, strerror(-rc));
	}
	if (salvage.control)
		munmap((void *)salvage.control, salvage.size);
	return rc;
}
