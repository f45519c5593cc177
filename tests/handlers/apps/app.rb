# frozen_string_literal: true

# SPDX-License-Identifier: MIT
# The same jobs as in the other files here, for the tests of the handler libraries.
require "#{ENV.fetch('MUSTER_HANDLERS')}/muster"

Muster.job("Echo") do |job|
  puts "printed"
  job.progress(50, "half")
  job.log("got #{job.data['text']}", "warn")
  job.push("Next", { text: job.data["text"] }, queue: "other", delay: 1.5, priority: 5)
end

Muster.job("Describe") do |job|
  job.log(job.to_json)
  job.log(Muster::Job.unserialize(job.serialize).to_json)
end

Muster.job("Limited", timeout: 120, max_attempts: 5, backoff: "linear", backoff_delay: 2, backoff_max: 60) { nil }

class Fails < Muster::Job
  def handle
    fall(data["text"])
  end

  def fall(text)
    raise ArgumentError, text
  end

  def failed(exception)
    log("hook: #{exception.message}")
  end
end

hook = ->(job, exception) { job.log("hook: #{exception.message}") }
Muster.job("FailsForGood", failed: hook) { raise Muster::Fail, "never again" }

class Stubborn < Fails
  def should_retry?(_exception)
    false
  end
end

class Patient < Fails
  def retry_delay(_exception)
    7
  end

  def failed(_exception)
    raise "in the hook"
  end
end

Muster.job("Released") { |job| job.release(job.data["delay"]) }
Muster.job("AsksForBatch") do |job|
  batch = job.data["of"] ? Muster::Batch.new(job, job.data["of"]) : job.batch
  job.log(format("%<completed>d of %<total>d, %<progress_percentage>s %%", batch.progress.transform_keys(&:to_sym)))
end
Muster.job("Batched") { |job| job.batch&.add("More", { n: 1 }) }

Muster.job("WaitsForCancel") do |job|
  job.log("waits")
  loop do
    job.check_cancelled
    sleep 0.01
  end
end

Muster.job("IsCancelled") { |job| job.log(job.cancelled? ? "cancelled" : "wanted") }

Muster.job("BadPush") do |job|
  case job.data["what"]
  when "nul" then job.push("Next", { text: "a\0b" })
  when "option" then job.push("Next", {}, dellay: 3)
  else job.push("Next", { text: "\xff" })
  end
end

Muster.job("Exits") { exit 3 }

# Two of these end only when both have begun.
Muster.job("Meets") do |job|
  directory = job.data["directory"]
  File.write(File.join(directory, job.uuid), "")
  sleep 0.01 while Dir.children(directory).length < 2
end

Muster.job("Strange") do |job|
  job.log("a\0b")
  raise "a\0b\xff"
end

Muster.job("*") { |job| job.log("any #{job.name}") } if ARGV.include?("wildcard")

Muster.run(concurrency: ARGV.include?("concurrent") ? 2 : 1, window: 8)
