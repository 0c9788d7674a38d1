using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ptorrent.Tests.Sdk;

/// <summary>Answers requests from a script, and remembers them.</summary>
internal sealed class ScriptedHandler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
{
    public List<string> Requests { get; } = [];

    public List<byte[]> Bodies { get; } = [];

    public static HttpResponseMessage Json<T>(HttpStatusCode status, T value, JsonTypeInfo<T> type) =>
        new(status) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type)) };

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add($"{request.Method} {request.RequestUri!.AbsolutePath}");
        Bodies.Add(request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken));
        return answer(request);
    }
}
