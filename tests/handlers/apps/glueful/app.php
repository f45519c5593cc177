<?php
// SPDX-License-Identifier: MIT
/* Jobs of a Glueful application. With the argument "framework" their base class is the framework's. */

declare(strict_types=1);

require getenv('MUSTER_HANDLERS') . '/muster.php';
if (in_array('framework', $argv, true)) {
    require __DIR__ . '/framework.php';
}
require __DIR__ . '/jobs.php';

if (in_array('registered', $argv, true)) {
    Muster\register(App\Jobs\ProcessEmailJob::class);
}
Muster\run();
