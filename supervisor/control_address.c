/* SPDX-License-Identifier: MIT */
#include "supervisor/control_address.h"

#include <string.h>

int control_address(struct sockaddr_un *address, const char *path, struct err *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path)
        return err_set(err, ERR_INVALID,
                       "the path of the control socket is longer than %zu bytes: %s; set socket in "
                       "[muster] to a shorter one",
                       sizeof address->sun_path - 1, path);
    memcpy(address->sun_path, path, length + 1);
    return 0;
}
