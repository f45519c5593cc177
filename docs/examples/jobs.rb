#!/usr/bin/env ruby
# frozen_string_literal: true

# SPDX-License-Identifier: MIT
# Jobs in Ruby.
require "#{ENV.fetch('MUSTER_HANDLERS', '/usr/share/muster/handlers')}/muster"

# A block that gets the job.
Muster.job("Greet", timeout: 10) do |job|
  puts "Hello #{job.data['name']}"
end

# A class.
class ProcessImages < Muster::Job
  limits max_attempts: 5, timeout: 120

  def handle
    images = data.fetch("images")
    images.each_with_index do |image, i|
      check_cancelled
      push("ProcessImage", { image: image }, delay: 1)
      progress(100 * (i + 1) / images.length, image)
    end
  end

  def failed(exception)
    log("given up after #{attempts} attempts: #{exception.message}", "error")
  end

  def should_retry?(_exception)
    data.key?("images")
  end
end

Muster.run
