# frozen_string_literal: true

# SPDX-License-Identifier: MIT

# Run jobs of Muster in Ruby: a handler of kind `persistent` (docs/protocol.md), in one file without dependencies.
#
#     require "/usr/share/muster/handlers/muster"
#
#     Muster.job("SendEmail", timeout: 120, max_attempts: 5) do |job|
#       job.progress(50, "sending")
#       deliver(job.data["to"])
#     end
#
#     class ResizeImage < Muster::Job
#       limits timeout: 60
#
#       def handle
#         push("NotifyUser", { image: data["id"] })
#       end
#
#       def failed(exception)
#         warn "given up: #{exception.message}"
#       end
#     end
#
#     Muster.run
#
# A job that returns is done. One that raises has failed with that exception and its backtrace, and is tried again
# while it has attempts left. A class that inherits from Muster::Job is registered by that. Ruby 2.7 or later.

require "json"

module Muster
  VERSION = 1
  FD_IN = 3
  FD_OUT = 4
  FRAME_MAX = 16 << 20
  EXCEPTION_MAX = 60_000
  KEPT_EXCEPTIONS = 16
  LIMITS = %i[timeout max_attempts backoff backoff_delay backoff_max].freeze
  OPTIONS = %i[queue delay priority max_attempts timeout batch_uuid uuid unique_key unique_until unique_for chain
               traceparent].freeze
  MEMBERS = %w[uuid queue attempts max_attempts timeout priority batch_uuid traceparent pushed_at].freeze

  # The guide's spelling: maxAttempts.
  CAMEL = MEMBERS.to_h { |name| [name, name.gsub(/_(\w)/) { Regexp.last_match(1).upcase }] }.freeze

  # Raise it in a job that must not be tried again.
  class Fail < StandardError; end

  # Raised by check_cancelled: somebody wants the job to stop.
  class Cancelled < StandardError; end

  # Why a job has failed for good, for its failed: what Muster was told. reason is "exception", "timeout", "signal"...
  class Failure < StandardError
    attr_reader :reason

    def initialize(text, reason)
      super(text)
      @reason = reason
    end
  end

  # No class of that name is registered.
  class UnknownClass < StandardError; end

  # The batch that a running job belongs to.
  Batch = Struct.new(:job, :uuid) do
    # Adds a job to the batch; stored together with the success of the running job, or not at all.
    def add(name, data = {}, **options)
      job.push(name, data, **options, batch_uuid: uuid)
    end

    # How far it is, as a hash: batch_uuid, name, state, total, completed, failed, pending, cancelled,
    # progress_percentage, success_rate. The job that asks is still pending.
    def progress
      job.ask(type: "batch", uuid: job.uuid, batch_uuid: uuid)
    end
  end

  # A job. Inherit from it, or give Muster.job a block, which gets one. In a running job timeout and max_attempts are
  # what counts for it; 0 is no limit.
  class Job
    attr_accessor :data, :name, :uuid, :queue, :attempts, :max_attempts, :timeout, :priority, :batch_uuid, :traceparent,
                  :pushed_at

    class << self
      # Declares limits for every job of the class, in seconds where they are times. What is missing is left to the
      # queue: timeout, max_attempts, backoff ("none", "fixed", "linear", "exponential"), backoff_delay, backoff_max.
      def limits(**limits)
        unknown = limits.keys - LIMITS
        raise ArgumentError, "unknown limit: #{unknown.join(', ')} (there are #{LIMITS.join(', ')})" if unknown.any?

        @limits = declared_limits.merge(limits)
      end

      def declared_limits
        @limits || (superclass.respond_to?(:declared_limits) ? superclass.declared_limits : {})
      end

      # The name of the class in a queue; without an argument, what it is.
      def job_name(name = nil)
        @job_name = name if name
        @job_name || self.name
      end

      # Makes a job from a hash; the guide's names (maxAttempts, batchUuid) are understood too. Called on Job itself it
      # makes one of the registered class of that name.
      def from_h(members)
        members = members.transform_keys(&:to_s)
        job = (equal?(Job) ? Muster.registered(members["job"]) : self).new(members["data"])
        MEMBERS.each do |name|
          value = members.fetch(name) { members[CAMEL[name]] }
          job.public_send("#{name}=", value) unless value.nil?
        end
        job.name = members["job"] if members["job"]
        job
      end

      def from_json(text)
        from_h(JSON.parse(text))
      end

      def unserialize(text)
        from_json(text)
      end

      def inherited(subclass)
        super
        Muster.known << subclass
      end
    end

    def initialize(data = nil)
      @data = data.nil? ? {} : data
      @name = self.class.job_name
      @attempts = 0
      @priority = 0
    end

    # Does the work.
    def handle
      raise NotImplementedError, "#{name} has no handle"
    end

    # Called on a new object when the job has failed for good, also where its process died.
    def failed(exception); end

    # False: it is not tried again, though attempts are left.
    def should_retry?(_exception)
      true
    end

    # Seconds until the next attempt; nil: the backoff of the class or queue.
    def retry_delay(_exception)
      nil
    end

    # The Batch of the job, nil where it is in none.
    def batch
      batch_uuid && Batch.new(self, batch_uuid)
    end

    def last_attempt?
      max_attempts.to_i.positive? && attempts >= max_attempts
    end

    # When the job has returned it is tried again, after delay seconds (nil: the backoff).
    def release(delay = nil)
      running
      @released = delay.nil? ? {} : { delay: Muster.number("delay", delay) }
    end

    # Pushes another job (a name, a class, or a Job), stored together with the success of this one, or not at all.
    # Options: queue (that of its class or this one's where it is missing), delay (seconds), priority, max_attempts, timeout, batch_uuid,
    # uuid, unique_key, unique_until, unique_for, chain, traceparent.
    def push(name, data = {}, **options)
      unknown = options.keys - OPTIONS
      raise ArgumentError, "unknown option: #{unknown.join(', ')} (there are #{OPTIONS.join(', ')})" if unknown.any?

      name, data = name.name, name.data if name.is_a?(Job)
      name = name.job_name if name.is_a?(Class)
      running.send_frame(type: "push", uuid: uuid, push: { job: name, data: data }.merge(options.compact))
    end

    # Tells how far the job is, from 0 to 100.
    def progress(percent, message = nil)
      frame = { type: "progress", uuid: uuid, progress: [Muster.number("progress", percent), 100].min }
      frame[:message] = Muster.clean(message) if message
      running.send_frame(frame)
    end

    # A record in Muster's log: critical, error, warn, info, debug, trace, blather.
    def log(message, level = "info")
      running.send_frame(type: "log", uuid: uuid, level: level.to_s, message: Muster.clean(message))
    end

    # True where somebody wants the job to stop.
    def cancelled?
      @handler.look if @handler && !@is_cancelled
      @is_cancelled || false
    end

    # Raises Cancelled where somebody wants the job to stop.
    def check_cancelled
      raise Cancelled, "the job was cancelled" if cancelled?
    end

    def to_h
      MEMBERS.to_h { |name| [name, public_send(name)] }.merge("job" => name, "data" => data).compact
    end

    def to_json(*)
      Muster.encode(to_h)
    end

    def serialize
      to_json
    end

    # For the batch and the handler alone.
    attr_reader :released

    def ask(question)
      running.ask(question)
    end

    def begin_on(handler)
      @handler = handler
    end

    def cancel
      @is_cancelled = true
    end

    private

    def running
      @handler || raise("this can only be done by a job that runs")
    end
  end

  @classes = {}
  @known = []

  class << self
    # Classes that inherit from Job, whose names are known when all of the program has been read.
    attr_reader :known

    # Registers a class under another name; "*" runs every class that nobody registered.
    def register(name, job_class)
      @classes[name] = job_class
    end

    # Registers a block that gets the Job. failed: is called with job and exception when it has failed for good.
    def job(name, failed: nil, **limits, &work)
      made = Class.new(Job)
      known.delete(made)
      made.limits(**limits)
      made.job_name(name) unless name == "*"
      made.define_method(:handle) { work.call(self) }
      made.define_method(:failed) { |exception| failed.call(self, exception) } if failed
      register(name, made)
    end

    # Runs jobs until Muster has no more for this process. Does not return before that. concurrency: jobs at once, each
    # in a thread. window: jobs that may wait in this process beside those, for very short ones; they run in order.
    def run(concurrency: 1, window: 0, name: nil)
      raise "no class is registered: there is nothing to run" if classes.empty?

      Handler.new(concurrency).run(window, name || File.basename($PROGRAM_NAME))
    end

    def classes
      known.each { |job_class| @classes[job_class.job_name] ||= job_class if job_class.job_name }
      @classes
    end

    def registered(name)
      classes[name] || classes["*"] || raise(UnknownClass, "no class #{name} is registered with this handler")
    end

    def number(what, value)
      return value if value.is_a?(Numeric) && value >= 0 && value.to_f.finite?

      raise ArgumentError, "#{what} must be a number that is not negative"
    end

    # A text that Muster takes: UTF-8 without NUL.
    def clean(text)
      text = text.to_s.dup
      text.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
      text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub("\uFFFD").tr("\0", "\uFFFD")
    end

    # JSON as Muster takes it. Raises for what it would refuse.
    def encode(value)
      text = JSON.generate(value)
      if text.include?('\u0000') && text.gsub("\\\\", "").include?('\u0000')
        raise ArgumentError, "a text in a job may not hold the NUL character"
      end

      text
    end

    def trace(exception)
      text = clean(exception.full_message(highlight: false, order: :top))
      half = EXCEPTION_MAX / 2
      text.length > EXCEPTION_MAX ? "#{text[0, half]}\n...\n#{text[-half, half]}" : text
    end

    def declaration(name, job_class)
      limits = job_class.declared_limits
      limits.empty? ? name : { job: name, **limits }
    end
  end

  # The process's side of the protocol.
  class Handler
    def initialize(concurrency)
      @concurrency = concurrency
      @buffer = String.new(encoding: Encoding::BINARY)
      @waiting = []       # frames of jobs that have not begun
      @jobs = {}          # uuid: Job, of those that run
      @cancelled = {}     # uuids that wait
      @raised = {}        # uuid: exception, of the last jobs that failed
      @is_over = false    # no more jobs come
      @is_closed = false  # nothing more is to be read
      @asked = {}         # uuid: queue for the answer
      @writing = Mutex.new
      @changing = Mutex.new # @jobs and @cancelled
    end

    def run(window, name)
      $stdout.sync = true
      open_pipes
      send_frame(type: "hello", version: VERSION, name: name, concurrency: @concurrency, window: window,
                 failed: Muster.classes.any? { |_, job_class| job_class.instance_method(:failed).owner != Job },
                 jobs: Muster.classes.map { |each, job_class| Muster.declaration(each, job_class) })
      @concurrency == 1 ? run_here : run_in_threads
    end

    # Takes what has been sent, without waiting. Where there are threads somebody reads all the time.
    def look
      return unless @concurrency == 1

      read while !@is_over && IO.select([@in], nil, nil, 0)
    end

    # Sends a question and waits for the answer. Where there are threads somebody else reads it.
    def ask(question)
      answer = Thread::Queue.new
      @changing.synchronize { @asked[question[:uuid]] = answer }
      send_frame(question)
      read while @concurrency == 1 && answer.empty?
      frame = answer.pop
      raise frame["error"] if frame["error"]

      frame.except("type", "uuid")
    end

    def send_frame(frame)
      line = "#{Muster.encode(frame)}\n"
      if line.bytesize > FRAME_MAX
        raise ArgumentError, "a frame of #{line.bytesize} bytes is larger than Muster takes"
      end

      @writing.synchronize { @out.write(line) }
    rescue Errno::EPIPE # nobody is there to be told
      exit!(1)
    end

    private

    def run_here
      work(@waiting.shift) while next_waits
    end

    def run_in_threads
      jobs = Thread::Queue.new
      threads = Array.new(@concurrency) { Thread.new { serve(jobs) } }
      jobs << @waiting.shift while next_waits
      jobs.close
      # an answer that one of them waits for
      threads.each do |thread|
        while thread.alive? && !@is_closed
          read if IO.select([@in], nil, nil, 0.05)
        end
        thread.join
      end
    end

    def serve(jobs)
      while (frame = jobs.pop)
        work(frame)
      end
    end

    def open_pipes
      @in = IO.for_fd(FD_IN, "rb")
      @out = IO.for_fd(FD_OUT, "wb")
      @out.sync = true
      [@in, @out].each { |io| io.close_on_exec = true }
    rescue Errno::EBADF, ArgumentError # the second: Ruby uses the number itself
      raise "descriptors 3 and 4 are not open: this is a handler, which Muster starts"
    end

    # Waits for a job. False where no more come.
    def next_waits
      read while @waiting.empty? && !@is_over
      !@waiting.empty?
    end

    def read
      chunk = @in.readpartial(65_536)
      @buffer << chunk
      return unless chunk.include?("\n")

      @buffer.slice!(0, @buffer.rindex("\n") + 1).each_line { |line| take(JSON.parse(line.force_encoding(Encoding::UTF_8))) }
    rescue EOFError
      @is_over = @is_closed = true
      @asked.keys.each { |uuid| answered("uuid" => uuid, "error" => "Muster is gone") }
    end

    def take(frame)
      case frame["type"]
      when "job", "failed" then @waiting << frame
      when "ping" then send_frame(type: "pong")
      when "drain" then @is_over = true
      when "cancel" then cancel(frame["uuid"])
      when "batch" then answered(frame)
      end
    end

    def answered(frame)
      answer = @changing.synchronize { @asked.delete(frame["uuid"]) }
      answer << frame if answer
    end

    def cancel(uuid)
      @changing.synchronize { @jobs[uuid] ? @jobs[uuid].cancel : @cancelled[uuid] = true }
    end

    def work(frame)
      uuid = frame["uuid"]
      job = nil
      begin
        job = Muster.registered(frame["job"]).from_h(frame)
        start(job)
        frame["type"] == "failed" ? job.failed(exception_of(frame)) : job.handle
        answer = job.released ? { type: "release", **job.released } : { type: "done" }
      rescue Cancelled
        answer = { type: "release" }
      rescue StandardError, ScriptError, SystemExit, SystemStackError, NoMemoryError => e
        answer = judge(job, e)
        keep(uuid, e)
      end
      @changing.synchronize { @jobs.delete(uuid) }
      send_frame(**answer, uuid: uuid)
    end

    def start(job)
      job.begin_on(self)
      @changing.synchronize do
        @jobs[job.uuid] = job
        job.cancel if @cancelled.delete(job.uuid)
      end
    end

    # For its hook, which may come to this process.
    def keep(uuid, exception)
      @changing.synchronize do
        @raised[uuid] = exception
        @raised.shift if @raised.size > KEPT_EXCEPTIONS
      end
    end

    def exception_of(frame)
      @changing.synchronize { @raised.delete(frame["uuid"]) } || Failure.new(frame["exception"], frame["cause"])
    end

    # What is answered for a job that raised.
    def judge(job, exception)
      return { type: "fail", exception: exception.message } if exception.is_a?(UnknownClass)

      answer = { type: "fail", exception: Muster.trace(exception) }
      job ? judge_by_job(job, exception, answer) : answer
    end

    def judge_by_job(job, exception, answer)
      if exception.is_a?(Fail) || !job.should_retry?(exception)
        answer[:retry] = false
      elsif (delay = job.retry_delay(exception))
        answer[:delay] = Muster.number("retry_delay", delay)
      end
      answer
    rescue StandardError => e # in one of its hooks
      answer.merge(exception: "#{answer[:exception]}\n\nand then:\n#{Muster.trace(e)}")
    end
  end
end
