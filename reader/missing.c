// SPDX-License-Identifier: MIT
/*
 * See missing.h.
 */
#include "reader/missing.h"
#include "format/trouble.h"
#include "reader/amount.h"
#include "reader/steered.h"

#include <stdio.h>

int missing_say(struct trace *trace, const char *path, const char *done, bool quiet)
{
	const struct trace_loss *loss = trace_loss(trace);
	uint64_t lost = loss->is_closed ? loss->end.lost_full + loss->end.lost_without_slot + loss->end.lost_write +
						  loss->end.lost_invalid
					: loss->lost;
	bool is_damaged = loss->damage_regions || loss->damaged_frames || loss->lost_uncounted;

	if (quiet)
		return is_damaged ? 4 : 0;
	if (!loss->events && !is_damaged)
		trouble_say("ipctrace: %s: no calls were recorded", path);
	if (lost)
		trouble_say("ipctrace: %s: %lu calls were lost while recording", path, (unsigned long)lost);
	if (is_damaged)
		trouble_say("ipctrace: %s: the trace is damaged, what could be read was %s; see ipctrace check", path,
			    done);
	return is_damaged ? 4 : 0;
}

void missing_print(struct trace *trace, struct text *out)
{
	const struct trace_loss *loss = trace_loss(trace);
	const struct steered steered = steered_sum(trace);
	const struct object_end *end = &loss->end;
	uint64_t lost = loss->lost + loss->lost_uncounted;
	bool is_said = false;

	if (lost || end->lost_without_slot || end->lost_write || end->lost_invalid) {
		text_put(out, "INCOMPLETE: ");
		amount_count(out, lost + end->lost_without_slot);
		text_put(out, " events were lost and are not counted below\n");
		is_said = true;
	}
	if (loss->damaged_frames || loss->damage_regions) {
		text_format(
			out,
			"DAMAGED: %llu frame%s and %llu region%s of the file could not be read; see ipctrace check\n",
			(unsigned long long)loss->damaged_frames, loss->damaged_frames == 1 ? "" : "s",
			(unsigned long long)loss->damage_regions, loss->damage_regions == 1 ? "" : "s");
		is_said = true;
	}
	if (!loss->is_closed) {
		text_put(out, trace_is_growing(trace) ? "NOT CLOSED: the recording goes on\n"
						      : "NOT CLOSED: its collector was killed\n");
		is_said = true;
	}
	if (steered.suspensions || steered.selections) {
		text_put(out, "STEERED: ");
		steered_print(&steered, out);
		text_put(out, "; what was not recorded is not counted below\n");
		is_said = true;
	}
	if (is_said)
		text_char(out, '\n');
}

void missing_print_json(struct trace *trace, struct text *out)
{
	const struct trace_loss *loss = trace_loss(trace);

	text_format(out,
		    "{\"lost\": %llu, \"uncounted\": %llu, \"without_slot\": %llu, \"write\": %llu, "
		    "\"invalid\": %llu, \"damaged_frames\": %llu, \"damage_regions\": %llu, \"closed\": %s}",
		    (unsigned long long)loss->lost, (unsigned long long)loss->lost_uncounted,
		    (unsigned long long)loss->end.lost_without_slot, (unsigned long long)loss->end.lost_write,
		    (unsigned long long)loss->end.lost_invalid, (unsigned long long)loss->damaged_frames,
		    (unsigned long long)loss->damage_regions, loss->is_closed ? "true" : "false");
}
