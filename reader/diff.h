// SPDX-License-Identifier: MIT
/*
 * Comparing a run with the same one gone through again, for who did that. Whoever compares any two runs calls the
 * command.
 */
#ifndef IPCTRACE_READER_DIFF_H
#define IPCTRACE_READER_DIFF_H

#include "reader/comparison.h"

/*
 * Compares the traces at `paths`, each within its scope, and prints the verdict and the differences as `ipctrace diff`
 * does; time does not count. The status to exit with, as diff's.
 */
int diff_again(const char *const paths[SIDES], const struct canon_scope scopes[SIDES]);

#endif
