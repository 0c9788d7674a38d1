using System.Net.Sockets;
using Ptorrent.Cli.Hosting;
using Ptorrent.Cli.Output;
using Ptorrent.Model;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Sdk;

namespace Ptorrent.Cli.CommandLine;

/// <summary>Says to a person what went wrong and what he can do, and to the caller's shell with which exit
/// code.</summary>
internal static class ErrorText
{
    private const int NoSpaceErrno = 28;
    private const int QuotaErrno = 122;
    private const int NoSpaceWindows = unchecked((int)0x80070070);

    public static (string Text, int ExitCode) Describe(Exception error) => error switch
    {
        RefusedException refused => (DescribeRefusal(refused.Refusal), ExitCode.Refused),
        HarborUnreachableException unreachable => (
            $"{unreachable.Message} Is it running, and is --harbor right?", ExitCode.Unreachable),
        NoHarborException => (error.Message, ExitCode.Unreachable),
        JobEndedException ended => (DescribeEnd(ended.Status), ExitCode.Failure),
        OutputClosedException or PtorrentException => (error.Message, ExitCode.Failure),
        OperationCanceledException => ("interrupted", ExitCode.Interrupted),
        _ when IsAddressInUse(error) => (
            "the address is in use already. Is a harbor running? Choose another port with --listen 127.0.0.1:PORT",
            ExitCode.Failure),
        IOException { HResult: NoSpaceErrno or NoSpaceWindows } => (
            $"the disk is full ({error.Message})", ExitCode.Failure),
        IOException { HResult: QuotaErrno } => ($"the disk quota is used up ({error.Message})", ExitCode.Failure),
        FileNotFoundException or DirectoryNotFoundException => (error.Message, ExitCode.Refused),
        IOException or UnauthorizedAccessException => (error.Message, ExitCode.Failure),
        _ => ($"this is a bug in ptorrent, please report it: {error}", ExitCode.Failure),
    };

    /// <summary>How a job's bad end is told.</summary>
    public static string DescribeEnd(JobStatus status) => status switch
    {
        { State: JobState.Cancelled } => $"{status.Id} was cancelled",
        { Failure: { } failure } => DescribeFailure(status.Program, failure),
        _ => $"{status.Id} failed",
    };

    /// <summary>How a program's failure is told.</summary>
    public static string DescribeFailure(string program, ProgramFailure failure)
    {
        string words = failure.Message.Trim();
        string cause = CauseOf(failure.Code);
        return words.Length == 0
            ? $"{program} failed at index {failure.Index}: {cause}"
            : $"{program} failed at index {failure.Index}: {cause}: {words}";
    }

    private static string CauseOf(TrapCode code) => code switch
    {
        TrapCode.FuelExhausted => "its fuel was used up (an endless loop? otherwise raise --fuel-max)",
        TrapCode.StackExhausted => "its calls were nested too deeply",
        TrapCode.MemoryExhausted => "its memory was used up (raise --memory-max)",
        TrapCode.OutputExhausted => "its output grew over the limit (raise --output-max)",
        TrapCode.TimeExhausted => "its time was used up (raise --time-max)",
        TrapCode.Unreachable => "it aborted",
        TrapCode.OutOfBounds => "it reached outside its memory",
        TrapCode.Arithmetic => "it divided by zero or overflowed",
        TrapCode.BadIndirectCall => "it called a function that is not there",
        TrapCode.ExitCode => "it ended with an error",
        TrapCode.ScriptError => "the script threw",
        TrapCode.LoadFailed => "it could not be loaded",
        TrapCode.ProcessCrashed => "its process crashed",
        TrapCode.BadOutput => "its output does not fit --combine",
        _ => "for a reason that this version does not know",
    };

    private static string DescribeRefusal(Refusal refusal) => refusal.Code == RefusalCode.Unauthorized
        ? "the harbor does not accept the access key. Give the file that holds its key with --key-file"
        : refusal.Message.TrimEnd('.');

    private static bool IsAddressInUse(Exception error)
    {
        for (Exception? current = error; current is not null; current = current.InnerException)
        {
            if (current is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                return true;
            }
        }

        return false;
    }
}
