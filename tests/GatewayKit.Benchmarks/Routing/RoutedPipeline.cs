using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Benchmarks.Routing;

/// <summary>An application that does nothing but route: what the routing middleware costs, measured without a server.</summary>
internal sealed class RoutedPipeline : IDisposable
{
    private readonly Lazy<RequestDelegate> _match;

    public RoutedPipeline(Action<IServiceCollection> services, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddLogging();
        builder.Services.AddRouting();
        services(builder.Services);
        App = builder.Build();
        map(App);

        // The middleware builds the matcher at its first request.
        _match = new(() =>
        {
            var pipeline = (IApplicationBuilder)App;
            pipeline.UseRouting();
            pipeline.Run(static _ => Task.CompletedTask);
            return pipeline.Build();
        });
    }

    public WebApplication App { get; }

    public IServiceProvider Services => App.Services;

    public RequestDelegate Match => _match.Value;

    public HttpContext CreateContext(Action<HttpRequest> ask)
    {
        var context = new DefaultHttpContext { RequestServices = Services };
        context.Request.Method = HttpMethods.Get;
        context.Request.Path = "/";
        context.Request.Scheme = "http";
        context.Request.Headers.Host = "localhost";
        ask(context.Request);
        return context;
    }

    public void Dispose() => ((IDisposable)App).Dispose();
}
