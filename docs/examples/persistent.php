#!/usr/bin/env php
<?php
// SPDX-License-Identifier: MIT
// The handler protocol in PHP, without a library.

$from = fopen('php://fd/3', 'r');
$to = fopen('php://fd/4', 'w');

function send(array $frame): void
{
    global $to;
    fwrite($to, json_encode($frame, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
}

function handle(array $job): void
{
    $text = $job['data']['text'] ?? throw new InvalidArgumentException('there is no text');
    echo "job {$job['uuid']} says $text\n";
}

send(['type' => 'hello', 'version' => 1, 'name' => 'persistent.php']);
while (($line = fgets($from)) !== false) {
    $frame = json_decode($line, true);
    switch ($frame['type']) {
        case 'job':
            try {
                handle($frame);
                send(['type' => 'done', 'uuid' => $frame['uuid']]);
            } catch (Throwable $exception) {
                send(['type' => 'fail', 'uuid' => $frame['uuid'], 'exception' => (string) $exception]);
            }
            break;
        case 'ping':
            send(['type' => 'pong']);
            break;
        case 'drain':
            exit(0);
    }
}
