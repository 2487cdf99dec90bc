output "address" {
  description = "Public address. Where there is no zone_id, make an A record of the domain with it."
  value       = aws_eip.this.public_ip
}

output "url" {
  description = "What people open."
  value       = "https://${var.domain}"
}

output "instance" {
  description = "The instance, for aws ec2 get-console-output, which has the link for the first account."
  value       = aws_instance.this.id
}
