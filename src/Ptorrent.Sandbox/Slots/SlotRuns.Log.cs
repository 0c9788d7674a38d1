using Microsoft.Extensions.Logging;

namespace Ptorrent.Sandbox.Slots;

internal sealed partial class SlotRuns
{
    [LoggerMessage(EventId = 6010, Level = LogLevel.Warning,
        Message = "Slot {Slot}: executor {ProcessId} is gone: {What}")]
    private partial void LogEnded(int slot, int processId, string what);

    [LoggerMessage(EventId = 6011, Level = LogLevel.Warning,
        Message = "Slot {Slot}: run {Run} lost its executor and is repeated once")]
    private partial void LogRepeated(int slot, ulong run);

    [LoggerMessage(EventId = 6012, Level = LogLevel.Information,
        Message = "Slot {Slot}: executor {ProcessId} was killed, its run took {Seconds:0.000} s")]
    private partial void LogKilled(int slot, int processId, double seconds);

    [LoggerMessage(EventId = 6014, Level = LogLevel.Information,
        Message = "Slot {Slot}: run {Run} of {Program} did not end well and is repeated with the exact module")]
    private partial void LogRepeatedExactly(int slot, ulong run, string program);

    [LoggerMessage(EventId = 6013, Level = LogLevel.Error, Message = "Slot {Slot} has no executor: {Reason}")]
    private partial void LogNoProcess(int slot, string reason);
}
