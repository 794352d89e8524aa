// SPDX-License-Identifier: MIT
/*
 * The conversations of a trace as packets, for Wireshark and its like: what a capture at the socket would have shown,
 * had there been one. Payload is that of the trace; the heads around it are made.
 */
#include "reader/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "reader/capture_end.h"
#include "reader/capture_file.h"
#include "reader/json.h"

struct capture {
	struct exporting *exporting;
	struct talks *talks;
	struct talk_sink sink;
	struct capture_paths paths;
	struct text comment;
};

/* What a conversation that is told as TCP has come to. */
struct stream {
	struct capture_ends ends;
	uint32_t first[2]; /* sequence numbers, by side */
	bool is_asked, is_made, is_ended[2];
};

/* ---- one packet ------------------------------------------------------------------------------------------------- */

static void add_packet(struct capture *capture, const struct talk_word *word, enum capture_interface interface,
		       const struct packet *packet, const uint8_t *payload, size_t kept, size_t size)
{
	uint8_t head[PACKET_HEAD_MAX];
	struct text *comment = &capture->comment;
	struct capture_packet added = {.interface = interface,
				       .time = trace_time(capture->exporting->trace, word->time),
				       .head = head,
				       .payload = payload,
				       .kept = kept,
				       .size = size};

	added.head_size = packet_head(head, packet, payload, kept, size);
	comment->size = 0;
	text_add(comment, word->text.bytes, word->text.size);
	if (kept < size)
		text_format(comment, "%s%zu of %zu bytes are in the trace", comment->size ? "; " : "", kept, size);
	added.comment = comment->bytes;
	added.comment_size = comment->size;
	capture_file_packet(&capture->exporting->output.text, &added);
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

static struct stream *stream_of(struct capture *capture, struct talk *talk)
{
	struct stream *stream = talk->user;

	if (stream)
		return stream;
	stream = talk->user = calloc(1, sizeof(*stream));
	if (!stream)
		return NULL;
	stream->ends = capture_ends(&capture->paths, talk, &capture->exporting->output.text);
	/* They differ, so that a second connection between the same ports is not taken for the first one. */
	stream->first[0] = (uint32_t)map_mix(2 * talk->number + 1);
	stream->first[1] = (uint32_t)map_mix(2 * talk->number + 2);
	return stream;
}

/* What a side has said before `offset`, its beginning and its end, which count as one byte each. */
static uint32_t sequence(const struct stream *stream, uint8_t side, uint64_t offset)
{
	return stream->first[side] + 1 + (uint32_t)offset + stream->is_ended[side];
}

static void add_segment(struct capture *capture, const struct talk_word *word, struct stream *stream, uint8_t side,
			uint8_t flags, uint64_t offset, const uint8_t *payload, size_t kept, size_t size)
{
	const struct packet packet = {
		.is_v6 = stream->ends.is_v6,
		.from = stream->ends.ends[side],
		.to = stream->ends.ends[!side],
		.sequence = sequence(stream, side, offset),
		.acknowledged = sequence(stream, !side, word->talk->told[!side]),
		.flags = flags,
	};

	add_packet(capture, word, stream->ends.interface, &packet, payload, kept, size);
}

static void add_flags(struct capture *capture, const struct talk_word *word, struct stream *stream, uint8_t side,
		      uint8_t flags)
{
	add_segment(capture, word, stream, side, flags, word->talk->told[side], NULL, 0, 0);
}

/* Before the first byte, whatever the word has told by now. */
static void add_greeting(struct capture *capture, const struct talk_word *word, struct stream *stream, uint8_t side,
			 uint8_t flags)
{
	const struct packet packet = {
		.is_v6 = stream->ends.is_v6,
		.from = stream->ends.ends[side],
		.to = stream->ends.ends[!side],
		.sequence = stream->first[side] + !(flags & PACKET_SYN),
		.acknowledged = stream->first[!side] + 1,
		.flags = flags,
	};

	add_packet(capture, word, stream->ends.interface, &packet, NULL, 0, 0);
}

static void add_handshake(struct capture *capture, const struct talk_word *word, struct stream *stream, bool is_whole)
{
	if (!stream->is_asked)
		add_greeting(capture, word, stream, 0, PACKET_SYN);
	stream->is_asked = true;
	if (!is_whole || stream->is_made)
		return;
	add_greeting(capture, word, stream, 1, PACKET_SYN | PACKET_ACK);
	add_greeting(capture, word, stream, 0, PACKET_ACK);
	stream->is_made = true;
}

/* So many packets without a byte are shown of what one call moved; beyond, the sequence numbers go on without them. */
#define EMPTY_MAX 16u

static void add_bytes(struct capture *capture, const struct talk_word *word, struct stream *stream, uint64_t offset,
		      const uint8_t *bytes, size_t kept, uint64_t size)
{
	unsigned empty = 0;

	while (size && empty < EMPTY_MAX) {
		size_t part = size < PACKET_SEGMENT_MAX ? (size_t)size : PACKET_SEGMENT_MAX;
		size_t part_kept = kept < part ? kept : part;
		uint8_t flags = PACKET_ACK | (part == size ? PACKET_PSH : 0);
		add_segment(capture, word, stream, word->side, flags, offset, bytes, part_kept, part);
		empty += !part_kept;
		offset += part;
		size -= part;
		bytes += part_kept;
		kept -= part_kept;
	}
}

static int add_stream_word(struct capture *capture, const struct talk_word *word)
{
	bool is_new = !word->talk->user;
	struct stream *stream;

	/* of what was never told nothing ends */
	if (is_new && (word->sort == TALK_ENDED || word->sort == TALK_BROKEN))
		return 0;
	stream = stream_of(capture, word->talk);
	if (!stream)
		return -ENOMEM;
	switch (word->sort) {
	case TALK_ASKED:
	case TALK_MADE:
		/* late news of what has long begun */
		if (!word->talk->told[0] && !word->talk->told[1])
			add_handshake(capture, word, stream, word->sort == TALK_MADE);
		break;
	case TALK_BYTES:
		/* a connection that was under way has been made */
		if (stream->is_asked)
			add_handshake(capture, word, stream, true);
		add_bytes(capture, word, stream, word->offset, NULL, 0, word->gap);
		add_bytes(capture, word, stream, word->offset + word->gap, word->bytes, word->kept, word->size);
		break;
	case TALK_ENDED:
		add_flags(capture, word, stream, word->side, PACKET_FIN | PACKET_ACK);
		stream->is_ended[word->side] = true;
		break;
	case TALK_REFUSED:
		add_flags(capture, word, stream, 1, PACKET_RST | PACKET_ACK);
		break;
	case TALK_BROKEN:
		add_flags(capture, word, stream, word->side, PACKET_RST | PACKET_ACK);
	}
	return 0;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* What one packet of UDP holds at most, of either version. */
#define DATAGRAM_MAX 65507u

static int add_message(struct capture *capture, const struct talk_word *word)
{
	struct text *out = &capture->exporting->output.text;
	struct capture_ends ends;
	uint8_t from = word->talk->is_addressed ? 0 : word->side;
	size_t kept = word->kept < DATAGRAM_MAX ? word->kept : DATAGRAM_MAX;

	if (word->sort != TALK_BYTES)
		return 0;
	ends = word->talk->is_addressed ? capture_message_ends(&capture->paths, word, out)
					: capture_ends(&capture->paths, word->talk, out);
	const struct packet packet = {
		.is_udp = true, .is_v6 = ends.is_v6, .from = ends.ends[from], .to = ends.ends[!from]};
	add_packet(capture, word, ends.interface, &packet, word->bytes, kept, word->size);
	return 0;
}

/* ---- the format ------------------------------------------------------------------------------------------------- */

static int add_word(void *context, const struct talk_word *word)
{
	struct capture *capture = context;
	bool is_message = word->talk->carrier == TALK_UDP || word->talk->carrier == TALK_UNIX_DATAGRAM;
	int rc = is_message ? add_message(capture, word) : add_stream_word(capture, word);

	return rc ? rc : output_offer(&capture->exporting->output);
}

static void describe(void *context, const struct event *event, struct object *object, struct text *text)
{
	struct capture *capture = context;
	uint32_t pid, tid;
	char name[512];
	bool own;

	event_caller(event, &pid, &tid);
	struct object *process = identity_object(capture->exporting->identities, pid, KIND_PID, pid);
	const char *image = process ? identity_process_image(process, &own) : NULL;
	text_put(text, event->call->name);
	text_put(text, " by ");
	if (image) {
		text_put(text, image);
		text_put(text, ", ");
	}
	text_put(text, "pid ");
	text_uint(text, pid);
	if (tid != pid) {
		text_put(text, ", thread ");
		text_uint(text, tid);
	}
	object_print(object, name, sizeof(name));
	text_put(text, ", on ");
	text_put(text, name);
}

static void free_stream(void *context, struct talk *talk)
{
	free(talk->user);
}

static void add_head(struct capture *capture)
{
	static const struct {
		const char *name, *description;
	} interfaces[CAPTURE_INTERFACES] = {
		[CAPTURE_IP] = {"ip", "TCP and UDP sockets, at their own addresses"},
		[CAPTURE_UNIX] = {"unix", "AF_UNIX sockets, at made-up addresses"},
		[CAPTURE_PIPE] = {"pipe", "pipes, at made-up addresses"},
	};
	const struct log_head *head = trace_head(capture->exporting->trace);
	struct text *out = &capture->exporting->output.text;

	capture_file_begin(out, "ipctrace " IPCTRACE_VERSION, head->kernel,
			   "What programs sent and received, as they told it: payload and times are recorded, the "
			   "packets around them are made.");
	for (unsigned i = 0; i < CAPTURE_INTERFACES; i++)
		capture_file_interface(out, interfaces[i].name, interfaces[i].description);
}

static void capture_free(void *state)
{
	struct capture *capture = state;

	talks_free(capture->talks);
	map_clear(&capture->paths.numbers);
	text_free(&capture->comment);
	free(capture);
}

static int capture_begin(struct exporting *exporting, void **state)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	int rc;

	if (!capture)
		return -ENOMEM;
	capture->exporting = exporting;
	capture->sink =
		(struct talk_sink){.word = add_word, .describe = describe, .gone = free_stream, .context = capture};
	rc = talks_new(&capture->talks, trace_catalogue(exporting->trace), exporting->identities, &capture->sink);
	if (rc) {
		capture_free(capture);
		return rc;
	}
	add_head(capture);
	*state = capture;
	return 0;
}

static int capture_add(void *state, const struct trace_entry *entry, bool wanted)
{
	struct capture *capture = state;

	return entry->kind == TRACE_EVENT ? talks_observe(capture->talks, entry->event, wanted) : 0;
}

static int capture_finish(void *state)
{
	return talks_finish(((struct capture *)state)->talks);
}

const struct export_format export_pcapng = {
	.name = "pcapng",
	.begin = capture_begin,
	.add = capture_add,
	.finish = capture_finish,
	.free = capture_free,
};
