using Microsoft.Extensions.Options;

namespace GatewayKit.Configuration;

/// <summary>Sets host-wide options from the same sections that routes come from. They are read once, at start.</summary>
internal sealed class ConfiguredGatewayOptions(GatewaySections sections, SectionBinder binder) : IConfigureOptions<GatewayOptions>
{
    public void Configure(GatewayOptions options)
    {
        foreach (var section in sections.Sections)
        {
            binder.BindOptions(section, options);
        }
    }
}
