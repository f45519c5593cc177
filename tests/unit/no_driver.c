/* SPDX-License-Identifier: MIT */

/* A shared object that is no driver. */
int no_driver(void);

int no_driver(void)
{
    return 0;
}
