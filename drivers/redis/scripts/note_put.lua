-- SPDX-License-Identifier: MIT
-- uses: note
-- ARGV: KIND KEY VALUE OWNER TTL_MS (0: for ever).
write_note(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return 1
