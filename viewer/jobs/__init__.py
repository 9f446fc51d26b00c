"""Long work in the background: processes for files, threads for small questions, one queue that is polled."""

from viewer.jobs.job import Job, Lane, LoadJob, ThreadJob
from viewer.jobs.queue import JobQueue, JobStatus

__all__ = ["Job", "JobQueue", "JobStatus", "Lane", "LoadJob", "ThreadJob"]
