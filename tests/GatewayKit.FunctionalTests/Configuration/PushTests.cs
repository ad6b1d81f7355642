using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Configuration;

public sealed class PushTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Pushes_that_wait_for_one_apply_do_not_undo_each_other()
    {
        var (first, second, gate) = (new DynamicRouteSource("first"), new DynamicRouteSource("second"), new GatedSource());
        await using var gateway = await TestHost.GatewayAsync(services: builder =>
        {
            builder.Services.AddSingleton<IRouteSource>(first);
            builder.Services.AddSingleton<IRouteSource>(second);
            builder.Services.AddSingleton<IRouteSource>(gate);
        });
        var configurator = gateway.App.Services.GetRequiredService<GatewayConfigurator>();
        gate.Open = new();
        gate.Body = "new";
        var reload = configurator.ReloadAsync();
        var pushes = new[] { first.ApplyAsync(SetOf("a")), second.ApplyAsync(SetOf("b")) };
        gate.Open.SetResult();
        Assert.True((await reload.WaitAsync(Generous)).Accepted);
        Assert.All(await Task.WhenAll(pushes).WaitAsync(Generous), static result => Assert.True(result.Accepted));

        Assert.Equal(["a", "b", "gated"], configurator.Current.Routes.Keys);
        Assert.Equal("new", await gateway.Client.GetStringAsync("/gated"));
    }

    private static RouteSet SetOf(string id) => new() { Routes = [Route(id, id)] };

    private static GatewayRoute Route(string id, string body) => new() { Id = id, Match = new() { Path = $"/{id}" }, Respond = new() { Body = body } };

    /// <summary>A source whose reading takes until the test says so.</summary>
    private sealed class GatedSource : IRouteSource
    {
        public TaskCompletionSource? Open { get; set; }

        public string Body { get; set; } = "old";

        public string Name => "gated";

        public async ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken)
        {
            await (Open?.Task ?? Task.CompletedTask);
            return new() { Routes = [Route("gated", Body)] };
        }

        public IChangeToken GetChangeToken() => NullChangeToken.Singleton;
    }
}
