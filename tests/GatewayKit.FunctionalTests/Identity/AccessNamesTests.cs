using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Identity.Schemes;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity;

/// <summary>Plans and consumers that rules of access name have to be there.</summary>
public sealed class AccessNamesTests
{
    private const string Key = "\"ApiKey\": {}";
    private const string Introspected = """ "Introspection": { "Name": "p", "Endpoint": "https://login.example.com/", "ClientId": "gw", "ClientSecret": "env:PATH", "Audiences": [ "a" ] """;
    private const string Registered = "\"Identity\": { \"Schemes\": [ \"Word\" ], \"RequireRegistered\": true }";

    [Theory]
    [InlineData(Key, """{ "Plans": [ "Gold", "glod" ] }""", "Plans", "There is no plan 'glod'. Did you mean 'gold'?")]
    [InlineData(Key, """{ "Plans": [ "custom" ] }""", "Plans", "There is no plan 'custom'. Add it under Plans, or name one that is there.")]
    [InlineData(Key, """{ "Methods": [ "GET" ], "Candidate": { "Mode": "Shadow", "Plans": [ "glod" ] } }""", "Candidate:Plans", "There is no plan 'glod'. Did you mean 'gold'?")]
    [InlineData(Key, """{ "Consumers": [ "acme", "acne" ] }""", "Consumers", "There is no consumer 'acne'. Did you mean 'acme'?")]
    [InlineData(Key, """{ "Consumers": [ "Acme" ] }""", "Consumers", "There is no consumer 'Acme'. Did you mean 'acme'?")]
    [InlineData(Registered, """{ "Consumers": [ "acne" ] }""", "Consumers", "There is no consumer 'acne'. Did you mean 'acme'?")]
    [InlineData(Introspected + ", \"RequireRegistered\": true }", """{ "Consumers": [ "acne" ] }""", "Consumers", "There is no consumer 'acne'. Did you mean 'acme'?")]
    [InlineData("\"AnyOf\": { \"ApiKey\": {}, " + Registered + " }", """{ "Consumers": [ "acne" ] }""", "Consumers", "There is no consumer 'acne'. Did you mean 'acme'?")]
    public async Task Name_of_nobody_stops_the_start(string identity, string access, string place, string message)
    {
        var failed = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(identity, access));
        var error = Assert.Single(failed.Errors);
        Assert.Equal(($"Gateway:Routes:r:Access:{place}", message), (error.Path, error.Message));
    }

    // Whom a scheme vouches for is in no list.
    [Theory]
    [InlineData("\"Identity\": { \"Schemes\": [ \"Word\" ] }")]
    [InlineData(Introspected + " }")]
    [InlineData("\"AnyOf\": { \"ApiKey\": {}, \"Identity\": { \"Schemes\": [ \"Word\" ] } }")]
    public async Task Consumer_whom_others_vouch_for_may_be_named(string identity)
    {
        await using var gateway = await StartAsync(identity, """{ "Consumers": [ "Word/alice" ] }""");
    }

    [Fact]
    public async Task Consumer_whom_a_store_may_know_may_be_named()
    {
        await using var gateway = await StartAsync(Key, """{ "Consumers": [ "globex" ] }""", static services => services.AddSingleton<IConsumerStore>(new EmptyStore()));
    }

    [Fact]
    public async Task Plan_that_routes_name_cannot_be_taken_away()
    {
        var source = new DynamicRouteSource(initial: new() { Plans = [new() { Id = "gold" }] });
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "ApiKey": {}, "Access": { "Plans": [ "gold" ] } } } }""",
            builder => builder.Services.AddSingleton<IRouteSource>(source));
        var result = await source.ApplyAsync(new() { Plans = [new() { Id = "golds" }] }, TestContext.Current.CancellationToken);
        Assert.Equal(("Gateway:Routes:r:Access:Plans", "There is no plan 'gold'. Did you mean 'golds'?"), (Assert.Single(result.Errors).Path, result.Errors[0].Message));
    }

    private static Task<TestHost> StartAsync(string identity, string access, Action<IServiceCollection>? services = null) => TestHost.GatewayAsync(
        $$"""
        {
          "Plans": { "gold": {}, "free": {} },
          "Consumers": { "acme": {} },
          "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, {{identity}}, "Access": {{access}} } }
        }
        """,
        builder =>
        {
            builder.Services.AddWords("Word");
            services?.Invoke(builder.Services);
        });

    private sealed class EmptyStore : IConsumerStore
    {
        public string Name => "empty";

        public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken) => new((Consumer?)null);

        public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken) => new(new ConsumerChanges("1", []));
    }
}
