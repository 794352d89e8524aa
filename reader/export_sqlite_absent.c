// SPDX-License-Identifier: MIT
/*
 * In the place of export_sqlite.c where the library is not there to build with.
 */
#include "reader/export.h"

const struct export_format export_sqlite = {
	.name = "sqlite",
	.absent = "this ipctrace was built without SQLite (package libsqlite3-dev)",
};
