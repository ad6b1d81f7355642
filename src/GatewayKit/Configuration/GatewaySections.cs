using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Configuration;

/// <summary>The sections to read: those that <c>AddApiGateway(section)</c> was given, else the section <c>Gateway</c> of the host.</summary>
internal sealed class GatewaySections
{
    public const string DefaultName = "Gateway";

    public GatewaySections(IEnumerable<GatewaySection> given, SectionBinder binder, IServiceProvider services)
    {
        var sections = given.Select(static one => one.Section).ToArray();
        Sections = sections.Length > 0 ? sections
            : services.GetService<IConfiguration>() is { } host ? [host.GetSection(DefaultName)]
            : [];
        Sources = [.. Sections.Select(section => new SectionRouteSource(section, binder) { IsNamed = sections.Length > 0 })];
    }

    public IReadOnlyList<IConfiguration> Sections { get; }

    public IReadOnlyList<SectionRouteSource> Sources { get; }
}

/// <summary>A section that <c>AddApiGateway(section)</c> was given.</summary>
internal sealed record GatewaySection(IConfiguration Section)
{
    /// <summary>Whether both are the same section: two <c>GetSection()</c> calls give two objects.</summary>
    public bool IsSameAs(IConfiguration other) =>
        ReferenceEquals(Section, other)
        || (Section is IConfigurationSection left && other is IConfigurationSection right && left.Path == right.Path && left.AsEnumerable().SequenceEqual(right.AsEnumerable()));
}
