using System.ComponentModel.DataAnnotations;
using System.Text;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Configuration;

/// <summary>Everything that reads, checks and writes configurations, as <c>AddApiGateway()</c> puts it together, with two policies of its own.</summary>
internal sealed class ConfigurationFixture : IDisposable
{
    private readonly ServiceProvider _services;

    public ConfigurationFixture(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddApiGateway()
            .AddPolicy<SamplePolicy, SampleFilterFactory>("Sample")
            .AddPolicy<StepsPolicy, StepsFilterFactory>("Steps");
        services.AddSingleton<IValidateOptions<SamplePolicy>, SamplePolicyValidator>();
        configure?.Invoke(services);
        _services = services.BuildServiceProvider();
    }

    public SectionBinder Binder => _services.GetRequiredService<SectionBinder>();

    public RouteSetValidator Validator => _services.GetRequiredService<RouteSetValidator>();

    public GatewayConfigurationWriter Writer => _services.GetRequiredService<GatewayConfigurationWriter>();

    public GatewayConfigurationReader Reader => _services.GetRequiredService<GatewayConfigurationReader>();

    public GatewayConfigurator Configurator => _services.GetRequiredService<GatewayConfigurator>();

    public ModelTypes Types => _services.GetRequiredService<ModelTypes>();

    public PolicyNames Policies => _services.GetRequiredService<PolicyNames>();

    public static IConfigurationSection Section(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($"{{ \"Gateway\": {json} }}")))
        .Build().GetSection("Gateway");

    public RouteSet Bind(string json)
    {
        var errors = new List<ConfigurationError>();
        var set = Binder.BindRouteSet(Section(json), errors);
        Assert.Empty(errors);
        return set;
    }

    /// <summary>Binds and validates, as an apply does.</summary>
    public IReadOnlyList<ConfigurationError> Errors(string json) => Configurator.Validate(Section(json));

    public void Dispose() => _services.Dispose();
}

internal sealed record SamplePolicy : IGatewayPolicy
{
    [Range(1, 10)]
    public int Level { get; init; } = 1;

    public double? Ratio { get; init; }

    public string Label { get; init; } = "none";

    [RegularExpression("^[a-z]+$", ErrorMessage = "Code must be lower-case letters.")]
    public string? Code { get; init; }

    public required TimeSpan Window { get; init; }

    public IReadOnlyDictionary<string, TimeSpan> Windows { get; init => field = ValueMap<TimeSpan>.From(value); } = ValueMap<TimeSpan>.Empty;

    public IReadOnlyList<int> Numbers { get; init => field = ValueList<int>.From(value); } = ValueList<int>.Empty;

    public PolicyMode Mode { get; init; }

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Limit;

    object IGatewayPolicy.Slot => (typeof(SamplePolicy), Label);
}

internal sealed class SamplePolicyValidator : IValidateOptions<SamplePolicy>
{
    public ValidateOptionsResult Validate(string? name, SamplePolicy options) =>
        options.Window > TimeSpan.FromDays(1) ? ValidateOptionsResult.Fail("Window is longer than a day.") : ValidateOptionsResult.Success;
}

internal sealed class SampleFilterFactory : GatewayFilterFactory<SamplePolicy>
{
    protected override EndpointFilterDelegate Create(SamplePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => next;
}

[ConfigurationItems(nameof(Items))]
internal sealed record StepsPolicy : IGatewayPolicy
{
    public IReadOnlyList<Step> Items { get; init => field = ValueList<Step>.From(value); } = ValueList<Step>.Empty;

    public PolicyMode Mode { get; init; }

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;
}

[ConfigurationCase(typeof(SetStep))]
[ConfigurationCase(typeof(RemoveStep))]
internal abstract record Step
{
    public bool Always { get; init; }
}

internal sealed record SetStep : Step
{
    public required string Header { get; init; }

    public string? Value { get; init; }
}

internal sealed record RemoveStep(string Remove, int Times = 1) : Step;

internal sealed class StepsFilterFactory : GatewayFilterFactory<StepsPolicy>
{
    protected override EndpointFilterDelegate Create(StepsPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => next;
}
