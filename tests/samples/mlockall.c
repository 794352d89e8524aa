// SPDX-License-Identifier: MIT
/* What is touched from now on, and nothing, which cannot be asked for. */
#include "tests/samples/sample.h"

int main(void)
{
	expect(mlockall(MCL_FUTURE | MCL_ONFAULT), "mlockall(MCL_FUTURE|MCL_ONFAULT)");
	expect(mlockall(MCL_CURRENT | MCL_ONFAULT), "mlockall(MCL_CURRENT|MCL_ONFAULT)");
	expect(mlockall(0), "mlockall(0)");
}
