/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

#include "supervisor/programs/listener_protocol.h"

/* Whatever a listener says, in whatever pieces: the state is what the news say. A piece's length is
 * its first byte; an event is sent whenever it is ready. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct listener_protocol protocol;
    listener_protocol_init(&protocol);
    while (size > 0) {
        size_t length = bytes[0] < size ? bytes[0] : size - 1;
        listener_protocol_hear(&protocol, (const char *)bytes + 1, length);
        bytes += length + 1;
        size -= length + 1;
        enum listener_news news;
        while ((news = listener_protocol_news(&protocol)) != LISTENER_SAYS_NOTHING) {
            FUZZ_ASSERT((news == LISTENER_GETS_READY) == (protocol.state == LISTENER_READY));
            FUZZ_ASSERT((news == LISTENER_BREAKS_RULES) == (protocol.state == LISTENER_UNKNOWN));
            if (news == LISTENER_GETS_READY && protocol.said.length == 0)
                listener_protocol_sent(&protocol);
        }
    }
    listener_protocol_finish(&protocol);
    return 0;
}
