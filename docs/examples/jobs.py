#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs in Python."""
import muster  # PYTHONPATH=/usr/share/muster/handlers


# A function that gets the job.
@muster.job("Greet", timeout=10)
def greet(job):
    print(f"Hello {job.data['name']}")


# A class.
@muster.register
class ProcessImages(muster.Job):
    max_attempts = 5
    timeout = 120

    def handle(self):
        images = self.data["images"]
        for i, image in enumerate(images):
            self.check_cancelled()
            self.push("ProcessImage", {"image": image}, delay=1)
            self.progress(100 * (i + 1) / len(images), image)

    def failed(self, exception):
        self.log(f"given up after {self.attempts} attempts: {exception!r}", "error")

    def should_retry(self, exception):
        return "images" in self.data


muster.run()
