using System.Collections.Immutable;
using Ptorrent.Wasm.Modules;

namespace Ptorrent.Wasm.Inspection;

/// <summary>The functions that programs may import, with their types (docs/protocol/executor.md).</summary>
internal static class OfferedImports
{
    public const string WasiModule = "wasi_snapshot_preview1";
    public const string KernelModule = "ptorrent";

    // A name and, behind the colon, parameters and results: i i32, I i64, F f64.
    private const string WasiFunctions = """
        args_get:ii>i args_sizes_get:ii>i environ_get:ii>i environ_sizes_get:ii>i
        clock_res_get:ii>i clock_time_get:iIi>i
        fd_advise:iIIi>i fd_allocate:iII>i fd_close:i>i fd_datasync:i>i fd_fdstat_get:ii>i fd_fdstat_set_flags:ii>i
        fd_fdstat_set_rights:iII>i fd_filestat_get:ii>i fd_filestat_set_size:iI>i fd_filestat_set_times:iIIi>i
        fd_pread:iiiIi>i fd_prestat_get:ii>i fd_prestat_dir_name:iii>i fd_pwrite:iiiIi>i fd_read:iiii>i
        fd_readdir:iiiIi>i fd_renumber:ii>i fd_seek:iIii>i fd_sync:i>i fd_tell:ii>i fd_write:iiii>i
        path_create_directory:iii>i path_filestat_get:iiiii>i path_filestat_set_times:iiiiIIi>i path_link:iiiiiii>i
        path_open:iiiiiIIii>i path_readlink:iiiiii>i path_remove_directory:iii>i path_rename:iiiiii>i
        path_symlink:iiiii>i path_unlink_file:iii>i
        poll_oneoff:iiii>i proc_exit:i> proc_raise:i>i sched_yield:>i random_get:ii>i
        sock_accept:iii>i sock_recv:iiiiii>i sock_send:iiiii>i sock_shutdown:ii>i
        """;

    private const string KernelFunctions = """
        write:ii> input_size:i>i input_read:iiii>i parameter_i64:iiI>I parameter_f64:iiF>F parameter_size:ii>i
        parameter_read:iiii>i log:ii> sha256:iii>
        """;

    private static readonly char[] Whitespace = [' ', '\n'];

    public static ImmutableDictionary<string, FunctionType> Wasi { get; } = Read(WasiFunctions);

    public static ImmutableDictionary<string, FunctionType> Kernel { get; } = Read(KernelFunctions);

    private static ImmutableDictionary<string, FunctionType> Read(string functions)
    {
        ImmutableDictionary<string, FunctionType>.Builder read =
            ImmutableDictionary.CreateBuilder<string, FunctionType>(StringComparer.Ordinal);
        foreach (string function in functions.Split(Whitespace, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = function.Split(':', '>');
            read.Add(parts[0], new([.. parts[1].Select(TypeOfLetter)], [.. parts[2].Select(TypeOfLetter)]));
        }

        return read.ToImmutable();
    }

    private static WasmType TypeOfLetter(char letter) => letter switch
    {
        'i' => WasmType.I32,
        'I' => WasmType.I64,
        'F' => WasmType.F64,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
