//! The VM child process: the VM host behind pipes.
