// SPDX-License-Identifier: MIT
/*
 * What wait() said of a child, in words. Knows nothing of events.
 */
#ifndef IPCTRACE_READER_WAIT_STATUS_H
#define IPCTRACE_READER_WAIT_STATUS_H

#include <stdint.h>

#include "format/catalogue.h"
#include "reader/text.h"

/*
 * As strace writes it: "{WIFEXITED(s) && WEXITSTATUS(s) == 3}". `signals` are the log's names of signals, or NULL; a
 * signal without a name is its number. Bits that mean nothing here stand behind it; what is no status is hexadecimal.
 */
void wait_status_print(struct text *text, const struct names_spec *signals, uint32_t status);

/* For people: "exited with 3", "killed by SIGSEGV, dumped core". */
void wait_status_tell(struct text *text, const struct names_spec *signals, uint32_t status);

/* As docs/json.md says: {"exited":3}. */
void wait_status_print_json(struct text *text, const struct names_spec *signals, uint32_t status);

#endif
