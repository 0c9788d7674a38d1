using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.Hosting;

/// <summary>The web server, bare: it reads no settings of its surroundings and listens to no signals.</summary>
internal static class WebServer
{
    // Routes that take more raise it for themselves.
    private const long RequestBodyBytesMax = 1 << 20;

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Makes the server; it listens once it is started.</summary>
    public static WebApplication Build(IPEndPoint listen, ILoggerFactory logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddLogging();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(new QuietLogging(logging)));
        builder.Services.AddRoutingCore();
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopTimeMax);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = RequestBodyBytesMax;
            options.Listen(listen);
        });
        builder.Services.Configure<SocketTransportOptions>(
            options => options.CreateBoundListenSocket = CreateListenSocket);
        builder.Services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>>(new BlockPoolFactory()));
        return builder.Build();
    }

    /// <summary>A socket to listen on; what it accepts is watched by the system as it is itself.</summary>
    private static Socket CreateListenSocket(EndPoint listen)
    {
        Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(listen);
        KeepAlive.Default.Apply(socket);
        return socket;
    }

    /// <summary>Starts to listen.</summary>
    /// <returns>The address, with the port that it really is.</returns>
    /// <exception cref="RefusedException">The port is in use, or may not be used.</exception>
    public static async Task<Uri> ListenAsync(WebApplication web, IPEndPoint listen, CancellationToken stop)
    {
        try
        {
            await web.StartAsync(stop);
        }
        catch (Exception exception) when (exception is IOException { InnerException: AddressInUseException }
            or SocketException or UnauthorizedAccessException)
        {
            string rule = exception is IOException ? "the port is in use" : exception.Message.TrimEnd('.');
            throw new RefusedException(
                new Refusal(
                    RefusalCode.Conflict,
                    "listen",
                    listen.ToString(),
                    rule,
                    "Stop what listens there, or give another port; port 0 is any free one"),
                exception);
        }

        IServerAddressesFeature? addresses =
            web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
        return new Uri(addresses!.Addresses.Single()); // Kestrel always tells, and it has one endpoint.
    }

    /// <summary>Signals belong to the program that hosts the harbor.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
