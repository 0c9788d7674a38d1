// All of WASI preview 1 (wasi_snapshot_preview1), as bare as it is: pointers and numbers.

@external("wasi_snapshot_preview1", "args_get")
export declare function argsGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "args_sizes_get")
export declare function argsSizesGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "environ_get")
export declare function environGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "environ_sizes_get")
export declare function environSizesGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "clock_res_get")
export declare function clockResGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "clock_time_get")
export declare function clockTimeGet(a: i32, b: i64, c: i32): i32;

@external("wasi_snapshot_preview1", "fd_advise")
export declare function fdAdvise(a: i32, b: i64, c: i64, d: i32): i32;

@external("wasi_snapshot_preview1", "fd_allocate")
export declare function fdAllocate(a: i32, b: i64, c: i64): i32;

@external("wasi_snapshot_preview1", "fd_close")
export declare function fdClose(a: i32): i32;

@external("wasi_snapshot_preview1", "fd_datasync")
export declare function fdDatasync(a: i32): i32;

@external("wasi_snapshot_preview1", "fd_fdstat_get")
export declare function fdFdstatGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "fd_fdstat_set_flags")
export declare function fdFdstatSetFlags(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "fd_fdstat_set_rights")
export declare function fdFdstatSetRights(a: i32, b: i64, c: i64): i32;

@external("wasi_snapshot_preview1", "fd_filestat_get")
export declare function fdFilestatGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "fd_filestat_set_size")
export declare function fdFilestatSetSize(a: i32, b: i64): i32;

@external("wasi_snapshot_preview1", "fd_filestat_set_times")
export declare function fdFilestatSetTimes(a: i32, b: i64, c: i64, d: i32): i32;

@external("wasi_snapshot_preview1", "fd_pread")
export declare function fdPread(a: i32, b: i32, c: i32, d: i64, e: i32): i32;

@external("wasi_snapshot_preview1", "fd_prestat_get")
export declare function fdPrestatGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "fd_prestat_dir_name")
export declare function fdPrestatDirName(a: i32, b: i32, c: i32): i32;

@external("wasi_snapshot_preview1", "fd_pwrite")
export declare function fdPwrite(a: i32, b: i32, c: i32, d: i64, e: i32): i32;

@external("wasi_snapshot_preview1", "fd_read")
export declare function fdRead(a: i32, b: i32, c: i32, d: i32): i32;

@external("wasi_snapshot_preview1", "fd_readdir")
export declare function fdReaddir(a: i32, b: i32, c: i32, d: i64, e: i32): i32;

@external("wasi_snapshot_preview1", "fd_renumber")
export declare function fdRenumber(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "fd_seek")
export declare function fdSeek(a: i32, b: i64, c: i32, d: i32): i32;

@external("wasi_snapshot_preview1", "fd_sync")
export declare function fdSync(a: i32): i32;

@external("wasi_snapshot_preview1", "fd_tell")
export declare function fdTell(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "fd_write")
export declare function fdWrite(a: i32, b: i32, c: i32, d: i32): i32;

@external("wasi_snapshot_preview1", "path_create_directory")
export declare function pathCreateDirectory(a: i32, b: i32, c: i32): i32;

@external("wasi_snapshot_preview1", "path_filestat_get")
export declare function pathFilestatGet(a: i32, b: i32, c: i32, d: i32, e: i32): i32;

@external("wasi_snapshot_preview1", "path_filestat_set_times")
export declare function pathFilestatSetTimes(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32): i32;

@external("wasi_snapshot_preview1", "path_link")
export declare function pathLink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32): i32;

@external("wasi_snapshot_preview1", "path_open")
export declare function pathOpen(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32): i32;

@external("wasi_snapshot_preview1", "path_readlink")
export declare function pathReadlink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32;

@external("wasi_snapshot_preview1", "path_remove_directory")
export declare function pathRemoveDirectory(a: i32, b: i32, c: i32): i32;

@external("wasi_snapshot_preview1", "path_rename")
export declare function pathRename(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32;

@external("wasi_snapshot_preview1", "path_symlink")
export declare function pathSymlink(a: i32, b: i32, c: i32, d: i32, e: i32): i32;

@external("wasi_snapshot_preview1", "path_unlink_file")
export declare function pathUnlinkFile(a: i32, b: i32, c: i32): i32;

@external("wasi_snapshot_preview1", "poll_oneoff")
export declare function pollOneoff(a: i32, b: i32, c: i32, d: i32): i32;

@external("wasi_snapshot_preview1", "proc_raise")
export declare function procRaise(a: i32): i32;

@external("wasi_snapshot_preview1", "sched_yield")
export declare function schedYield(): i32;

@external("wasi_snapshot_preview1", "random_get")
export declare function randomGet(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "sock_accept")
export declare function sockAccept(a: i32, b: i32, c: i32): i32;

@external("wasi_snapshot_preview1", "sock_recv")
export declare function sockRecv(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32;

@external("wasi_snapshot_preview1", "sock_send")
export declare function sockSend(a: i32, b: i32, c: i32, d: i32, e: i32): i32;

@external("wasi_snapshot_preview1", "sock_shutdown")
export declare function sockShutdown(a: i32, b: i32): i32;

@external("wasi_snapshot_preview1", "proc_exit")
export declare function procExit(code: i32): void;
